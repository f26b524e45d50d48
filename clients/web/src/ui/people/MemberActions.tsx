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
import { mutedUntilText } from "../shared/MuteChoices";
import { attempt } from "../shared/toast";
import { createDeadline } from "../shared/deadline";
import MuteMemberDialog from "./MuteMemberDialog";

/** What is asked before it is done, and which role it gives. */
const CONFIRMATIONS = {
  owner: { title: "makeOwner", question: "makeOwnerQuestion", role: "owner" },
  stepDownAdmin: { title: "stepDownAdmin", question: "stepDownOwnerQuestion", role: "admin" },
  stepDownMember: { title: "stepDownMember", question: "stepDownOwnerQuestion", role: "member" },
  remove: { title: "removeMember", question: "removeQuestion", role: undefined },
  ban: { title: "banMember", question: "banQuestion", role: undefined },
} as const;

/** What an admin of a room can do with a member, by the rights of both; and an owner with their own ownership. */
export function MemberActions(props: { roomId: string; userId: string }) {
  const chat = useChat();
  const [confirmation, setConfirmation] = createSignal<keyof typeof CONFIRMATIONS>();
  const [isMuting, setMuting] = createSignal(false);
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
  const canManage = (it: Member) =>
    outranks(chat.room(props.roomId)?.role ?? "member", it.role) || (!me() && rights().moderate && !rights().manage);
  const muted = createDeadline(() => member.latest?.mutedUntil ?? 0);
  const act = async (work: Promise<unknown>) => (await attempt(work)) && void refetch();
  const role = (to: Member["role"]) => act(chat.api.setMemberRole(props.roomId, props.userId, to));
  const unmute = () => act(chat.api.muteMember(props.roomId, props.userId, 0));

  const items = (it: Member): MenuItem[] => {
    const list: MenuItem[] = [];
    if (rights().own && me()) {
      list.push({ label: t("stepDownAdmin"), icon: "users", act: () => setConfirmation("stepDownAdmin") });
      list.push({ label: t("stepDownMember"), icon: "users", act: () => setConfirmation("stepDownMember") });
    } else if (rights().own) {
      if (it.role !== "admin") list.push({ label: t("makeAdmin"), icon: "users", act: () => void role("admin") });
      if (it.role !== "member") list.push({ label: t("makeMember"), icon: "users", act: () => void role("member") });
      if (it.role !== "owner") list.push({ label: t("makeOwner"), icon: "users", act: () => setConfirmation("owner") });
    }
    if (!canManage(it)) return list;
    if (muted()) list.push({ label: t("unmute"), icon: "bell", separated: true, act: () => void unmute() });
    list.push({ label: t("muteMember"), icon: "mute", separated: !muted(), act: () => setMuting(true) });
    list.push({ label: t("removeMember"), icon: "leave", danger: true, separated: true, act: () => setConfirmation("remove") });
    list.push({ label: t("banMember"), icon: "ban", danger: true, act: () => setConfirmation("ban") });
    return list;
  };

  const onClosed = () => (setConfirmation(undefined), setMuting(false), void refetch());
  function execute(what: keyof typeof CONFIRMATIONS): Promise<unknown> {
    const { roomId, userId } = props;
    const { role: to } = CONFIRMATIONS[what];
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
              <p class="muted small">{mutedUntilText(it().mutedUntil)}</p>
            </Show>
            <Show when={items(it()).length}>
              <Menu class="button" hasLabel label={t("manageMember")} items={items(it())}>
                <Icon name="settings" />
                {t("manageMember")}
              </Menu>
            </Show>
            <Show when={isMuting()}>
              <MuteMemberDialog roomId={props.roomId} userId={props.userId} name={name()} until={it().mutedUntil} onClose={onClosed} />
            </Show>
            <Show when={confirmation()} keyed>
              {(what) => (
                <Confirm
                  title={t(CONFIRMATIONS[what].title)}
                  question={t(CONFIRMATIONS[what].question, { name: name(), room: chat.title(props.roomId) })}
                  explain={explain}
                  act={() => execute(what)}
                  onClose={onClosed}
                />
              )}
            </Show>
          </>
        )}
      </Show>
    </Suspense>
  );
}
