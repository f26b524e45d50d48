import { Match, Suspense, Switch } from "solid-js";

import type { Message } from "../../domain/types";
import type { Timeline } from "../../stores/timeline/timeline";
import { lazy } from "../shared/lazy";
import type { ViewerImage } from "../files/viewer-images";
import { useRoom } from "./room-context";

const JumpToDate = lazy(() => import("./JumpToDate"));
const ReactionsDialog = lazy(() => import("../timeline/ReactionsDialog"));
const ReadersDialog = lazy(() => import("./ReadersDialog"));
const UserCard = lazy(() => import("../people/UserCard"));
const VersionsDialog = lazy(() => import("../timeline/VersionsDialog"));
const ImageViewer = lazy(() => import("../files/ImageViewer"));

/** What lies above a room's page; one at a time. */
export type RoomOverlay =
  | { readonly kind: "date"; readonly at: number }
  | { readonly kind: "picture"; readonly picture: ViewerImage }
  | { readonly kind: "reactions"; readonly message: Message }
  | { readonly kind: "readers"; readonly message: Message }
  | { readonly kind: "user"; readonly userId: string }
  | { readonly kind: "versions"; readonly message: Message };

type Kind = RoomOverlay["kind"];

export default function RoomOverlays(props: { overlay: RoomOverlay; timeline: Timeline; onClose: () => void }) {
  const { roomId } = useRoom();
  const open = <K extends Kind>(kind: K) =>
    props.overlay.kind === kind ? (props.overlay as Extract<RoomOverlay, { kind: K }>) : undefined;
  const messages = () => (props.timeline.content()?.rows ?? []).flatMap((row) => (row.kind === "message" ? [row.message] : []));
  return (
    <Suspense>
      <Switch>
        <Match when={open("versions")} keyed>
          {({ message }) => <VersionsDialog message={message} onClose={props.onClose} />}
        </Match>
        <Match when={open("readers")} keyed>
          {({ message }) => <ReadersDialog message={message} onClose={props.onClose} />}
        </Match>
        <Match when={open("reactions")} keyed>
          {({ message }) => <ReactionsDialog message={message} onClose={props.onClose} />}
        </Match>
        <Match when={open("date")} keyed>
          {({ at }) => <JumpToDate at={at} onJump={(to) => void props.timeline.jumpToTime(to)} onClose={props.onClose} />}
        </Match>
        <Match when={open("picture")} keyed>
          {({ picture }) => <ImageViewer opened={picture} messages={picture.among ?? messages()} onClose={props.onClose} />}
        </Match>
        <Match when={open("user")} keyed>
          {({ userId }) => <UserCard userId={userId} roomId={roomId} onClose={props.onClose} />}
        </Match>
      </Switch>
    </Suspense>
  );
}
