import { For, Show, createEffect, createMemo, createSignal, on, onCleanup, onMount } from "solid-js";

import type { Member, ListPage } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { MAX_MEMBERS_WITH_PRESENCE } from "../../stores/people/presence";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { createKeyed } from "../shared/keyed";
import { Retry } from "../shared/Retry";
import { MemberItem } from "./MemberItem";
import { Panel } from "./Panel";
import { useRoom } from "./room-context";

/** Letters typed faster than this ask once. */
const SEARCH_DEBOUNCE_MS = 200;
/** Many who come and go are read again once. */
const CHANGE_DEBOUNCE_MS = 1_000;
/** Where nobody tells who is there, it is asked so often. */
const PRESENCE_REFRESH_MS = 60_000;

export default function MembersPanel(props: { roomId: string; over: boolean; onClose: () => void }) {
  const chat = useChat();
  const { openUser } = useRoom();
  const [query, setQuery] = createSignal("");
  /** For which text the members are that are shown. */
  let shownQuery: string | undefined;
  const members = createPagedList(async (text, token) => {
    let part = await page(text, token);
    // Read anew, the list stays as long as it is: whoever is far down in it stays there.
    const minItems = !token && text === shownQuery ? members.items().length : 0;
    while (part.next && part.items.length < minItems) {
      const { items, next } = await page(text, part.next);
      part = { items: [...part.items, ...items], next };
    }
    shownQuery = text;
    return part;
  });
  async function page(text: string, token: string): Promise<ListPage<Member>> {
    const part = await chat.api.listMembers(props.roomId, text, token);
    chat.updateUsers(part.items.map(({ user }) => ({ ...chat.user(user.id), ...user })));
    // In small rooms presence is told live, and this may be older than what was told.
    const isPresenceLive = (chat.room(props.roomId)?.room.memberCount ?? 0) <= MAX_MEMBERS_WITH_PRESENCE;
    chat.updatePresences(part.presences.filter(({ userId }) => !isPresenceLive || !chat.presence(userId)));
    return part;
  }
  /** A row is somebody's, whatever changes about them. */
  const keyed = createKeyed(members.items, ({ user }) => user.id);
  const [atEnd, setAtEnd] = createSignal(false);
  const read = () => void members.load(query().trim());
  let end!: HTMLDivElement;

  createEffect(
    on([query, createMemo(() => chat.connection().kind === "live")], (_, before) => {
      const timer = setTimeout(read, before === undefined ? 0 : SEARCH_DEBOUNCE_MS);
      onCleanup(() => clearTimeout(timer));
      return true;
    }),
  );
  let changeTimer: ReturnType<typeof setTimeout> | undefined;
  const readSoon = () => (changeTimer ??= setTimeout(() => ((changeTimer = undefined), read()), CHANGE_DEBOUNCE_MS));
  createEffect(on(() => chat.trackMembers(props.roomId), readSoon, { defer: true }));
  // Presence is told live only in small rooms; in others it is read now and then.
  const refreshTimer = setInterval(() => !document.hidden && read(), PRESENCE_REFRESH_MS);
  onCleanup(() => (clearTimeout(changeTimer), clearInterval(refreshTimer)));
  createEffect(() => {
    if (atEnd() && members.items().length && !members.loading() && !members.failure()) void members.loadMore();
  });
  onMount(() => {
    const observer = new IntersectionObserver(([entry]) => setAtEnd(entry?.isIntersecting ?? false));
    observer.observe(end);
    onCleanup(() => observer.disconnect());
  });

  return (
    <Panel title={t("membersTitle")} over={props.over} permanent onClose={props.onClose}>
      <Show when={props.over && chat.room(props.roomId)?.room.topic}>
        {(topic) => (
          <p class="panel-topic" dir="auto">
            {topic()}
          </p>
        )}
      </Show>
      <div class="search-box">
        <Icon name="search" />
        <input
          type="search"
          aria-label={t("findMember")}
          placeholder={t("findMember")}
          maxLength={64}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </div>
      <div class="panel-scroll">
        <ul aria-busy={members.loading()}>
          <For each={keyed.keys()}>
            {(id) => {
              const member = keyed.at(id);
              return <MemberItem member={member()} onOpen={() => openUser(id)} />;
            }}
          </For>
        </ul>
        <Show when={members.isLoaded() && !members.loading() && !members.failure() && !members.items().length}>
          <p class="muted panel-empty">{t("noPeopleFound")}</p>
        </Show>
        <Retry failure={members.failure()} class="panel-empty" onAgain={() => void members.retry()} />
        <div ref={end} class="sentinel" />
      </div>
    </Panel>
  );
}
