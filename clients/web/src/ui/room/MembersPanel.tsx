import { For, Show, createEffect, createSignal, on, onCleanup, onMount } from "solid-js";

import { useChat } from "../../state/chat";
import { createPaged } from "../../state/paged";
import { TOLD_MEMBERS } from "../../state/presence";
import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import { Retry } from "../kit/Retry";
import { MemberItem } from "./MemberItem";
import { Panel } from "./Panel";
import { useRoom } from "./tools";

/** Letters typed faster than this ask once. */
const PAUSE_MS = 200;
/** Many who come and go are read again once. */
const SETTLE_MS = 1_000;

export default function MembersPanel(props: { roomId: string; over: boolean; onClose: () => void }) {
  const chat = useChat();
  const { openUser } = useRoom();
  const [query, setQuery] = createSignal("");
  const members = createPaged(async (text, token) => {
    const part = await chat.api.listMembers(props.roomId, text, token);
    chat.tookUsers(part.items.map(({ user }) => ({ ...chat.user(user.id), ...user })));
    // In small rooms presence is told live, and this may be older than what was told.
    const told = (chat.room(props.roomId)?.room.memberCount ?? 0) <= TOLD_MEMBERS;
    chat.tookPresences(part.presences.filter(({ userId }) => !told || !chat.presence(userId)));
    return part;
  });
  let end!: HTMLDivElement;

  createEffect(
    on([query, () => chat.members(props.roomId), () => chat.connection().kind === "live"], (_, before) => {
      const timer = setTimeout(() => void members.search(query().trim()), before === undefined ? 0 : PAUSE_MS);
      onCleanup(() => clearTimeout(timer));
      return true;
    }),
  );
  // Presence is told live only in small rooms; in others it is read now and then.
  const timer = setInterval(() => !document.hidden && members.items().length <= 100 && void members.search(query().trim()), 60 * SETTLE_MS);
  onCleanup(() => clearInterval(timer));
  onMount(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && void members.more());
    observer.observe(end);
    onCleanup(() => observer.disconnect());
  });

  return (
    <Panel title={t("membersTitle")} over={props.over} stays onClose={props.onClose}>
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
      <div class="members-scroll">
        <ul>
          <For each={members.items()}>{(member) => <MemberItem member={member} onOpen={() => openUser(member.user.id)} />}</For>
        </ul>
        <Show when={!members.loading() && !members.failure() && !members.items().length}>
          <p class="muted members-none">{t("nobodyFound")}</p>
        </Show>
        <Retry failure={members.failure()} class="members-none" onAgain={() => void members.again()} />
        <div ref={end} class="sentinel" />
      </div>
    </Panel>
  );
}
