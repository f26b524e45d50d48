import { Match, Show, Switch, createEffect, createSignal, on, onCleanup } from "solid-js";

import { useChat } from "../../state/chat";
import { prefs, setPref } from "../../state/prefs";
import { createTimeline } from "../../state/timeline";
import { Composer } from "../composer/Composer";
import { createMedia } from "../kit/media";
import { navigate, roomPath, route, visit } from "../router";
import { Timeline } from "../timeline/Timeline";
import { TypingLine } from "../timeline/TypingLine";
import { JoinRoom } from "./JoinRoom";
import { MembersPanel } from "./MembersPanel";
import { RoomHeader } from "./RoomHeader";

/** Wide enough for the members beside the timeline. */
const WIDE = "(min-width: 1100px)";

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

function OpenRoom(props: { roomId: string }) {
  const chat = useChat();
  const { roomId } = props;
  const timeline = createTimeline(chat, roomId);
  const wide = createMedia(WIDE);
  const [over, setOver] = createSignal(false);
  const showMembers = () => (wide() ? prefs().showMembers : over());
  const toggleMembers = () => (wide() ? setPref("showMembers", !prefs().showMembers) : setOver(!over()));

  setPref("lastRoom", roomId);
  chat.watch([roomId]);
  onCleanup(() => chat.watch([]));

  // A link to a message, also the same one again.
  createEffect(
    on(visit, () => {
      const now = route();
      if (now.page === "room" && now.roomId === roomId && now.seq !== undefined) void timeline.jump(now.seq);
    }),
  );

  function send(text: string): void {
    chat.send(roomId, text);
    timeline.toTail();
    // The address of an older message would lead back there.
    const now = route();
    if (now.page === "room" && now.seq !== undefined) navigate(roomPath(roomId), { replace: true });
  }

  return (
    <div class="room">
      <section class="room-main">
        <RoomHeader roomId={roomId} membersShown={showMembers()} onToggleMembers={toggleMembers} />
        <Timeline timeline={timeline} />
        <footer class="room-foot">
          <TypingLine roomId={roomId} />
          <Composer roomId={roomId} onSend={send} />
        </footer>
      </section>
      <Show when={showMembers()}>
        <MembersPanel roomId={roomId} over={!wide()} onClose={toggleMembers} />
      </Show>
    </div>
  );
}
