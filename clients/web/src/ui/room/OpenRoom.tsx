import { Match, Show, Suspense, Switch, batch, createEffect, createMemo, createSignal, onCleanup } from "solid-js";

import { useChat } from "../../stores/chat";
import { createPins } from "../../stores/messages/pins";
import { prefs, setPref } from "../../stores/preferences/prefs";
import { createTimeline } from "../../stores/timeline/timeline";
import { Composer } from "../composer/Composer";
import { formatTime } from "../i18n/format-values";
import { t } from "../i18n";
import { Guard } from "../shared/ErrorBoundary";
import { MissingPanel, lazy } from "../shared/lazy";
import { createMedia } from "../shared/media";
import { isEndless } from "../shared/deadline";
import { layOver } from "../shared/router";
import { createReached } from "../timeline/ReceiptTicks";
import { Timeline } from "../timeline/Timeline";
import type { Sought } from "../thread/ThreadPanel";
import { restWhenGone } from "./cancel-when-deleted";
import { createGoing } from "./jump-to-message";
import type { Overlay } from "./RoomOverlays";
import { RoomHeader, type PanelName } from "./RoomHeader";
import { RoomToolsProvider, type RoomTools } from "./room-context";

const FilesPanel = lazy(() => import("../files/FilesPanel"), MissingPanel);
const MembersPanel = lazy(() => import("./MembersPanel"), MissingPanel);
const Overlays = lazy(() => import("./RoomOverlays"));
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
  const wide = createMedia(WIDE);
  const narrow = createMedia("(max-width: 760px)");
  const direct = () => chat.room(roomId)?.room.kind === "direct";
  const [other, setOther] = createSignal<PanelName>();
  const [thread, setThread] = createSignal(0);
  const [sought, setSought] = createSignal<Sought>();
  const [overlay, setOverlay] = createSignal<Overlay>();

  const panel = (): PanelName => other() ?? (wide() && prefs().showMembers && !direct() ? "members" : undefined);
  /** Whether it lies over the timeline. */
  const over = createMemo(() => !wide() && panel() !== undefined);

  const covered = () => narrow() && over();

  function toggle(name: PanelName): void {
    const shown = panel() === name;
    setOther(shown || (wide() && name === "members") ? undefined : name);
    if (wide() && name === "members") setPref("showMembers", !shown);
  }

  const openThread = (root: number, answer?: Sought) =>
    batch(() => (setThread(root), setSought(answer), setOther("thread")));

  const { goTo, unlink } = createGoing(timeline, ({ seq, threadSeq }) => {
    if (threadSeq) openThread(threadSeq, { seq });
    else if (over()) setOther(undefined);
  });

  const tools: RoomTools = {
    roomId,
    openThread,
    jump: goTo,
    openUser: (userId) => setOverlay({ kind: "user", userId }),
    askDate: (at) => setOverlay({ kind: "date", at }),
    begun: () => chat.composer(roomId),
    ...createReached(chat, timeline),
    showVersions: (message) => setOverlay({ kind: "versions", message }),
    showReactions: (message) => setOverlay({ kind: "reactions", message }),
    showReaders: (message) => setOverlay({ kind: "readers", message }),
    openPicture: (picture) => setOverlay({ kind: "picture", picture }),
  };

  restWhenGone(chat, tools.begun);
  createEffect(() => over() && onCleanup(layOver(() => setOther(undefined))));

  function send(text: string, replyTo: number, attachmentIds: string[]): void {
    chat.send(roomId, text, { replyTo, attachmentIds });
    timeline.toTail();
    unlink();
  }

  const mutedUntil = () => chat.room(roomId)?.mutedUntil ?? 0;

  return (
    <RoomToolsProvider value={tools}>
      <div class="room">
        {/* A panel that covers all of it is all there is. */}
        <section class="room-main" inert={covered()}>
          <RoomHeader panel={panel()} onPanel={toggle} />
          <Suspense>
            <Show when={pins().length}>
              <PinBanner pins={pins()} onAll={() => setOther("pins")} />
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
                  tells
                  lastOwn={() => chat.lastOwn(roomId)}
                  onSend={send}
                />
              }
            >
              <Match when={chat.room(roomId)?.room.archivedAt}>
                <p class="room-closed">{t("archivedNote")}</p>
              </Match>
              <Match when={!chat.permissions(roomId).write}>
                <p class="room-closed">{isEndless(mutedUntil()) ? t("MUTED") : t("mutedNote", { time: formatTime(mutedUntil(), "full") })}</p>
              </Match>
            </Switch>
          </footer>
        </section>
        <Guard class="members">
          <Suspense fallback={<Show when={panel()}>{(name) => <aside class={`members ${name()}`} classList={{ "members-over": !wide() }} />}</Show>}>
            <Switch>
              <Match when={panel() === "members"}>
                <MembersPanel roomId={roomId} over={!wide()} onClose={() => toggle("members")} />
              </Match>
              <Match when={panel() === "thread" && thread()} keyed>
                {(seq) => <ThreadPanel seq={seq} sought={sought()} over={!wide()} onClose={() => setOther(undefined)} />}
              </Match>
              <Match when={panel() === "pins"}>
                <PinsPanel pins={pins()} over={!wide()} onClose={() => setOther(undefined)} />
              </Match>
              <Match when={panel() === "files"}>
                <FilesPanel over={!wide()} onClose={() => setOther(undefined)} />
              </Match>
              <Match when={panel() === "search"}>
                <SearchPanel over={!wide()} onClose={() => setOther(undefined)} />
              </Match>
            </Switch>
          </Suspense>
        </Guard>
        <Guard onFail={() => setOverlay(undefined)}>
          <Suspense>
            <Show when={overlay()}>
              {(it) => <Overlays overlay={it()} timeline={timeline} onClose={() => setOverlay(undefined)} />}
            </Show>
          </Suspense>
        </Guard>
      </div>
    </RoomToolsProvider>
  );
}
