import "../shared/deferred-icons";

import { Show, Suspense, createResource, createSignal } from "solid-js";

import { Failure } from "../../domain/failure";
import type { Member } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { outranks } from "../../stores/rooms/rooms";
import { t } from "../i18n";
import { Confirm } from "../shared/Confirm";
import { Icon } from "../shared/Icon";
import { Menu, type MenuItem } from "../shared/Menu";
import { mutedNote } from "../shared/MuteChoices";
import { attempt } from "../shared/toast";
import { createUntil } from "../shared/deadline";
import MuteMember from "./MuteMemberDialog";

/** What is asked before it is done, and which role it gives. */
const ASKED = {
  owner: { title: "makeOwner", question: "makeOwnerQuestion", role: "owner" },
  stepDownAdmin: { title: "stepDownAdmin", question: "giveUpOwnQuestion", role: "admin" },
  stepDownMember: { title: "stepDownMember", question: "giveUpOwnQuestion", role: "member" },
  remove: { title: "removeMember", question: "removeQuestion", role: undefined },
  ban: { title: "banMember", question: "banQuestion", role: undefined },
} as const;

/** What an admin of a room can do with a member, by the rights of both; and an owner with their own ownership. */
export function MemberActions(props: { roomId: string; userId: string }) {
  const chat = useChat();
  const [asks, setAsks] = createSignal<keyof typeof ASKED>();
  const [mutes, setMutes] = createSignal(false);
  const rights = () => chat.permissions(props.roomId);
  const [member, { refetch }] = createResource(
    () => rights().moderate && (chat.trackMembers(props.roomId), chat.user(props.userId)?.username),
    async (username): Promise<Member | undefined> => {
      const { items } = await chat.api.listMembers(props.roomId, username, "").catch(() => ({ items: [] }));
      return items.find(({ user }) => user.id === props.userId);
    },
  );
  const me = () => props.userId === chat.me().id;
  const name = () => chat.user(props.userId)?.displayName ?? "";
  // Of the server's staff the server says whom they may not touch.
  const may = (it: Member) =>
    outranks(chat.room(props.roomId)?.role ?? "member", it.role) || (!me() && rights().moderate && !rights().manage);
  const muted = createUntil(() => member.latest?.mutedUntil ?? 0);
  const act = async (work: Promise<unknown>) => (await attempt(work)) && void refetch();
  const role = (to: Member["role"]) => act(chat.api.setMemberRole(props.roomId, props.userId, to));
  const unmute = () => act(chat.api.muteMember(props.roomId, props.userId, 0));

  const items = (it: Member): MenuItem[] => {
    const list: MenuItem[] = [];
    if (rights().own && me()) {
      list.push({ label: t("stepDownAdmin"), icon: "users", act: () => setAsks("stepDownAdmin") });
      list.push({ label: t("stepDownMember"), icon: "users", act: () => setAsks("stepDownMember") });
    } else if (rights().own) {
      if (it.role !== "admin") list.push({ label: t("makeAdmin"), icon: "users", act: () => void role("admin") });
      if (it.role !== "member") list.push({ label: t("makeMember"), icon: "users", act: () => void role("member") });
      if (it.role !== "owner") list.push({ label: t("makeOwner"), icon: "users", act: () => setAsks("owner") });
    }
    if (!may(it)) return list;
    if (muted()) list.push({ label: t("unmute"), icon: "bell", apart: true, act: () => void unmute() });
    list.push({ label: t("muteMember"), icon: "mute", apart: !muted(), act: () => setMutes(true) });
    list.push({ label: t("removeMember"), icon: "leave", danger: true, apart: true, act: () => setAsks("remove") });
    list.push({ label: t("banMember"), icon: "ban", danger: true, act: () => setAsks("ban") });
    return list;
  };

  const answered = () => (setAsks(undefined), setMutes(false), void refetch());
  function confirmed(what: keyof typeof ASKED): Promise<unknown> {
    const { roomId, userId } = props;
    const { role: to } = ASKED[what];
    if (to) return chat.api.setMemberRole(roomId, userId, to);
    return what === "ban" ? chat.api.banMember(roomId, userId) : chat.api.removeMember(roomId, userId);
  }
  const explain = (failure: unknown) => (failure instanceof Failure && failure.reason === "LAST_OWNER" ? t("onlyOwner") : undefined);

  return (
    <Suspense>
      {/* The latest, so that what has the focus stays while it is read anew. */}
      <Show when={rights().moderate && member.latest}>
        {(it) => (
          <>
            <Show when={muted()}>
              <p class="muted small">{mutedNote(it().mutedUntil)}</p>
            </Show>
            <Show when={items(it()).length}>
              <Menu class="button" named label={t("manageMember")} items={items(it())}>
                <Icon name="settings" />
                {t("manageMember")}
              </Menu>
            </Show>
            <Show when={mutes()}>
              <MuteMember roomId={props.roomId} userId={props.userId} name={name()} until={it().mutedUntil} onClose={answered} />
            </Show>
            <Show when={asks()} keyed>
              {(what) => (
                <Confirm
                  title={t(ASKED[what].title)}
                  question={t(ASKED[what].question, { name: name(), room: chat.title(props.roomId) })}
                  explain={explain}
                  act={() => confirmed(what)}
                  onClose={answered}
                />
              )}
            </Show>
          </>
        )}
      </Show>
    </Suspense>
  );
}
