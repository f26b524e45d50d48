import { Match, Switch } from "solid-js";

import { useChat } from "../../stores/chat";
import { OpenRoom } from "./OpenRoom";
import { MissingPage, lazy } from "../shared/lazy";

const JoinRoom = lazy(() => import("./JoinRoom"), MissingPage);

export function RoomPage(props: { roomId: string }) {
  const chat = useChat();
  const exists = () => chat.room(props.roomId) !== undefined;
  return (
    <Switch fallback={<div class="page-loading" />}>
      <Match when={exists()}>
        <OpenRoom roomId={props.roomId} />
      </Match>
      <Match when={chat.connection().kind === "live"}>
        <JoinRoom roomId={props.roomId} />
      </Match>
    </Switch>
  );
}
