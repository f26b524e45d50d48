// The shell around all pages of a signed-in user.

import { Match, Show, Suspense, Switch, createEffect, createMemo, createSignal } from "solid-js";

import type { AppContext } from "../../stores/session/app-context";
import { ChatProvider, createChat } from "../../stores/chat";
import { t } from "../i18n";
import { RoomPage } from "../room/RoomPage";
import { navigate, roomPath, route } from "../shared/router";
import { ErrorBoundary } from "../shared/ErrorBoundary";
import { MissingPage, retryMissing, lazy } from "../shared/lazy";
import { toast } from "../shared/toast";
import { Toasts } from "../shared/Toasts";
import { NotFoundPage } from "./not-found";
import { Sidebar } from "./Sidebar";
import { createSortedRooms } from "./sorted-rooms";
import { createShortcuts } from "./shortcuts";

const HomePage = lazy(() => import("./HomePage"), MissingPage);
const Directory = lazy(() => import("../search/DirectoryPage"), MissingPage);
const Settings = lazy(() => import("../settings/SettingsPage"), MissingPage);
const Mentions = lazy(() => import("../search/MentionsPage"), MissingPage);
const Search = lazy(() => import("../search/SearchPage"), MissingPage);
const Invite = lazy(() => import("../room/InvitePage"), MissingPage);
const Recover = lazy(() => import("../auth/RecoverSignedIn"), MissingPage);
const Admin = lazy(() => import("../admin/AdminPage"), MissingPage);
const CommandPalette = lazy(() => import("./CommandPalette"));
const ShortcutsDialog = lazy(() => import("./ShortcutsDialog"));
const NewDirectMessage = lazy(() => import("../people/NewDirectMessage"));
const CreateRoom = lazy(() => import("../room/CreateRoom"));
const StatusDialog = lazy(() => import("./StatusDialog"));
const ConnectionBar = lazy(() => import("./ConnectionBar"));
const SignOutDialog = lazy(() => import("./SignOutDialog"));
// The connection bar and signing out must work without a connection.
setTimeout(() => (ConnectionBar.preload(), SignOutDialog.preload()), 0);
const DeferredEffects = lazy(() => import("./DeferredEffects"));

/** As many rooms as the server lets a stream watch. */
const MAX_WATCHED_ROOMS = 20;

export type ShellOverlay = "palette" | "shortcuts" | "createRoom" | "direct" | "status" | "signOut";

export default function SignedIn(props: { app: AppContext }) {
  const chat = createChat(props.app);
  const [overlay, setOverlay] = createSignal<ShellOverlay>();
  const close = () => setOverlay(undefined);
  const signOut = () => (chat.unsent().length || chat.composer.isUploading() ? setOverlay("signOut") : void chat.signOut());
  const rooms = createSortedRooms(chat);
  createShortcuts({ rooms, overlay, setOverlay });
  chat.onNotStored(() => toast(t("notStored"), true));

  createEffect(() => chat.connection().kind === "live" && retryMissing());

  const first = route();
  if (first.page === "room" && first.seq === undefined) chat.prefetch(first.roomId);

  /** The id of the open room. Another room gets a new page. */
  const roomId = () => {
    const now = route();
    return now.page === "room" ? now.roomId : undefined;
  };
  const searched = () => {
    const now = route();
    return now.page === "search" && now;
  };
  const inviteCode = () => {
    const now = route();
    return now.page === "invite" ? now.code : undefined;
  };
  // The room on the screen, and direct rooms, for their presence.
  const watchedRoomIds = createMemo(
    () => {
      const id = roomId();
      const open = id && chat.room(id) ? [id] : [];
      const direct = rooms().filter(({ room }) => room.kind === "direct" && room.id !== id).map(({ room }) => room.id);
      // The order changes with new messages; sorted, the list stays the same.
      return [...open, ...direct.slice(0, MAX_WATCHED_ROOMS - open.length).sort()];
    },
    undefined,
    { equals: (a, b) => a.join() === b.join() },
  );
  createEffect(() => chat.watch(watchedRoomIds()));

  return (
    <ChatProvider value={chat}>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        {t("skipToMessages")}
      </a>
      <div class="shell" data-page={route().page}>
        {/* Rendered from the start: the grid must not wait for deferred code, and screen readers announce changes in it. */}
        <div class="connection-status" role="status" aria-live="polite">
          <Suspense>
            <ConnectionBar />
          </Suspense>
        </div>
        <ErrorBoundary class="sidebar">
          <Sidebar rooms={rooms()} onOverlay={setOverlay} onLogout={signOut} />
        </ErrorBoundary>
        <main class="main" id="main" tabIndex={-1}>
          <ErrorBoundary>
            <Suspense fallback={<div class="page-loading" role="status" aria-label={t("loading")} />}>
              <Switch fallback={<HomePage onOverlay={setOverlay} />}>
                <Match when={roomId()} keyed>
                  {(id) => <RoomPage roomId={id} />}
                </Match>
                <Match when={route().page === "directory"}>
                  <Directory onCreate={() => setOverlay("createRoom")} />
                </Match>
                <Match when={route().page === "mentions"}>
                  <Mentions />
                </Match>
                <Match when={searched()}>{(now) => <Search query={now().query} />}</Match>
                <Match when={inviteCode()} keyed>
                  {(code) => <Invite code={code} />}
                </Match>
                <Match when={route().page === "settings"}>
                  <Settings />
                </Match>
                <Match when={route().page === "admin"}>
                  <Admin />
                </Match>
                <Match when={route().page === "recover"}>
                  <Recover onLeave={signOut} />
                </Match>
                <Match when={route().page === "lost"}>
                  <NotFoundPage />
                </Match>
              </Switch>
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <ErrorBoundary onFail={close}>
        <Suspense>
          <Show when={overlay() === "palette"}>
            <CommandPalette rooms={rooms()} onOverlay={setOverlay} onClose={close} onLogout={signOut} />
          </Show>
          <Show when={overlay() === "shortcuts"}>
            <ShortcutsDialog onClose={close} />
          </Show>
          <Show when={overlay() === "direct"}>
            <NewDirectMessage onClose={close} />
          </Show>
          <Show when={overlay() === "status"}>
            <StatusDialog onClose={close} />
          </Show>
          <Show when={overlay() === "signOut"}>
            <SignOutDialog onClose={close} />
          </Show>
          <Show when={overlay() === "createRoom"}>
            <CreateRoom onClose={close} onCreated={(id) => (close(), navigate(roomPath(id)))} />
          </Show>
        </Suspense>
      </ErrorBoundary>
      <Suspense>
        <DeferredEffects />
      </Suspense>
      <Toasts />
    </ChatProvider>
  );
}
