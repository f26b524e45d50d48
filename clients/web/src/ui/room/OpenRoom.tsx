import { Match, Show, Suspense, Switch, batch, createEffect, createMemo, createSignal, onCleanup } from "solid-js";

import { useChat } from "../../stores/chat";
import { createPins } from "../../stores/messages/pins";
import { prefs, setPref } from "../../stores/preferences/prefs";
import { createTimeline } from "../../stores/timeline/timeline";
import { Composer } from "../composer/Composer";
import { formatTime } from "../i18n/format-values";
import { t } from "../i18n";
import { ErrorBoundary } from "../shared/ErrorBoundary";
import { MissingPanel, lazy } from "../shared/lazy";
import { createMedia } from "../shared/media";
import { isEndless } from "../shared/deadline";
import { openLayer } from "../shared/router";
import { createReceiptProgress } from "../timeline/ReceiptTicks";
import { Timeline } from "../timeline/Timeline";
import type { ThreadTarget } from "../thread/ThreadPanel";
import { cancelWhenDeleted } from "./cancel-when-deleted";
import { createMessageJump } from "./jump-to-message";
import type { RoomOverlay } from "./RoomOverlays";
import { RoomHeader, type PanelName } from "./RoomHeader";
import { RoomContextProvider, type RoomContext } from "./room-context";

const FilesPanel = lazy(() => import("../files/FilesPanel"), MissingPanel);
const MembersPanel = lazy(() => import("./MembersPanel"), MissingPanel);
const RoomOverlays = lazy(() => import("./RoomOverlays"));
const PinBanner = lazy(() => import("./PinBanner"));
const PinsPanel = lazy(() => import("./PinsPanel"), MissingPanel);
const SearchPanel = lazy(() => import("../search/SearchPanel"), MissingPanel);
const ThreadPanel = lazy(() => import("../thread/ThreadPanel"), MissingPanel);
const TypingLine = lazy(() => import("../timeline/TypingLine"));

/** Wide enough for a panel beside the timeline. */
const WIDE = "(min-width: 1100px)";

/** A room that the user is in. */
export function OpenRoom(props: { roomId: string }) {
  const chat = useChat();
  const { roomId } = props;
  const timeline = createTimeline(chat, roomId);
  const pins = createPins(chat, roomId);
  const isWide = createMedia(WIDE);
  const isNarrow = createMedia("(max-width: 760px)");
  const isDirect = () => chat.room(roomId)?.room.kind === "direct";
  const [chosenPanel, setChosenPanel] = createSignal<PanelName>();
  const [thread, setThread] = createSignal(0);
  const [threadTarget, setThreadTarget] = createSignal<ThreadTarget>();
  const [overlay, setOverlay] = createSignal<RoomOverlay>();

  const panel = (): PanelName => chosenPanel() ?? (isWide() && prefs().showMembers && !isDirect() ? "members" : undefined);
  /** Whether it lies over the timeline. */
  const isOverlaid = createMemo(() => !isWide() && panel() !== undefined);

  const isCovered = () => isNarrow() && isOverlaid();

  function toggle(name: PanelName): void {
    const shown = panel() === name;
    setChosenPanel(shown || (isWide() && name === "members") ? undefined : name);
    if (isWide() && name === "members") setPref("showMembers", !shown);
  }

  const openThread = (root: number, answer?: ThreadTarget) =>
    batch(() => (setThread(root), setThreadTarget(answer), setChosenPanel("thread")));

  const { jumpTo, clearLink } = createMessageJump(timeline, ({ seq, threadSeq }) => {
    if (threadSeq) openThread(threadSeq, { seq });
    else if (isOverlaid()) setChosenPanel(undefined);
  });

  const context: RoomContext = {
    roomId,
    openThread,
    jump: jumpTo,
    openUser: (userId) => setOverlay({ kind: "user", userId }),
    openDateDialog: (at) => setOverlay({ kind: "date", at }),
    composer: () => chat.composer(roomId),
    ...createReceiptProgress(chat, timeline),
    showVersions: (message) => setOverlay({ kind: "versions", message }),
    showReactions: (message) => setOverlay({ kind: "reactions", message }),
    showReaders: (message) => setOverlay({ kind: "readers", message }),
    openPicture: (picture) => setOverlay({ kind: "picture", picture }),
  };

  cancelWhenDeleted(chat, context.composer);
  createEffect(() => isOverlaid() && onCleanup(openLayer(() => setChosenPanel(undefined))));

  function send(text: string, replyTo: number, attachmentIds: string[]): void {
    chat.send(roomId, text, { replyTo, attachmentIds });
    timeline.toTail();
    clearLink();
  }

  const mutedUntil = () => chat.room(roomId)?.mutedUntil ?? 0;

  return (
    <RoomContextProvider value={context}>
      <div class="room">
        {/* A panel that covers all of it is all there is. */}
        <section class="room-main" inert={isCovered()}>
          <RoomHeader panel={panel()} onPanel={toggle} />
          <Suspense>
            <Show when={pins().length}>
              <PinBanner pins={pins()} onAll={() => setChosenPanel("pins")} />
            </Show>
          </Suspense>
          <Timeline timeline={timeline} />
          <footer class="room-foot">
            <p class="typing">
              <Suspense>
                <TypingLine roomId={roomId} />
              </Suspense>
            </p>
            <Switch
              fallback={
                <Composer
                  label={t("writeTo", { room: chat.title(roomId) })}
                  draft={roomId}
                  reportsTyping
                  lastOwn={() => chat.lastOwn(roomId)}
                  onSend={send}
                />
              }
            >
              <Match when={chat.room(roomId)?.room.archivedAt}>
                <p class="room-closed">{t("roomArchived")}</p>
              </Match>
              <Match when={!chat.permissions(roomId).write}>
                <p class="room-closed">{isEndless(mutedUntil()) ? t("MUTED") : t("mutedInRoomUntil", { time: formatTime(mutedUntil(), "full") })}</p>
              </Match>
            </Switch>
          </footer>
        </section>
        <ErrorBoundary class="panel">
          <Suspense fallback={<Show when={panel()}>{(name) => <aside class={`panel ${name()}`} classList={{ "panel-over": !isWide() }} />}</Show>}>
            <Switch>
              <Match when={panel() === "members"}>
                <MembersPanel roomId={roomId} over={!isWide()} onClose={() => toggle("members")} />
              </Match>
              <Match when={panel() === "thread" && thread()} keyed>
                {(seq) => <ThreadPanel seq={seq} target={threadTarget()} over={!isWide()} onClose={() => setChosenPanel(undefined)} />}
              </Match>
              <Match when={panel() === "pins"}>
                <PinsPanel pins={pins()} over={!isWide()} onClose={() => setChosenPanel(undefined)} />
              </Match>
              <Match when={panel() === "files"}>
                <FilesPanel over={!isWide()} onClose={() => setChosenPanel(undefined)} />
              </Match>
              <Match when={panel() === "search"}>
                <SearchPanel over={!isWide()} onClose={() => setChosenPanel(undefined)} />
              </Match>
            </Switch>
          </Suspense>
        </ErrorBoundary>
        <ErrorBoundary onFail={() => setOverlay(undefined)}>
          <Suspense>
            <Show when={overlay()}>
              {(it) => <RoomOverlays overlay={it()} timeline={timeline} onClose={() => setOverlay(undefined)} />}
            </Show>
          </Suspense>
        </ErrorBoundary>
      </div>
    </RoomContextProvider>
  );
}
