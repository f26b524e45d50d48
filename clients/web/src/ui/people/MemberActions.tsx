import { Show, createResource, createSignal } from "solid-js";

import type { Member } from "../../nouns";
import { useChat } from "../../state/chat";
import { outranks } from "../../state/rooms";
import { t } from "../i18n";
import { Confirm } from "../kit/Confirm";
import { Icon } from "../kit/Icon";
import { Menu, type MenuItem } from "../kit/Menu";
import { mutedNote } from "../kit/MuteChoices";
import { attempt } from "../kit/toast";
import { createUntil } from "../kit/until";
import MuteMember from "./MuteMember";

/** What an admin of a room can do with a member, by the rights of both. */
export function MemberActions(props: { roomId: string; userId: string }) {
  const chat = useChat();
  const [asks, setAsks] = createSignal<"remove" | "ban" | "owner" | "mute">();
  const rights = () => chat.rights(props.roomId);
  const [member, { refetch }] = createResource(
    () => rights().manage && (chat.members(props.roomId), chat.user(props.userId)?.username),
    async (username): Promise<Member | undefined> => {
      const { items } = await chat.api.listMembers(props.roomId, username, "").catch(() => ({ items: [] }));
      return items.find(({ user }) => user.id === props.userId);
    },
  );
  const name = () => chat.user(props.userId)?.displayName ?? "";
  const may = (it: Member) => outranks(chat.room(props.roomId)?.role ?? "member", it.role);
  const muted = createUntil(() => member()?.mutedUntil ?? 0);
  const act = async (work: Promise<unknown>) => (await attempt(work)) && void refetch();
  const role = (to: Member["role"]) => act(chat.api.setMemberRole(props.roomId, props.userId, to));
  const unmute = () => act(chat.api.muteMember(props.roomId, props.userId, 0));

  const items = (it: Member): MenuItem[] => {
    const list: MenuItem[] = [];
    if (rights().own) {
      if (it.role !== "admin") list.push({ label: t("makeAdmin"), icon: "users", act: () => void role("admin") });
      if (it.role !== "member") list.push({ label: t("makeMember"), icon: "users", act: () => void role("member") });
      if (it.role !== "owner") list.push({ label: t("makeOwner"), icon: "users", act: () => setAsks("owner") });
    }
    if (!may(it)) return list;
    if (muted()) list.push({ label: t("unmute"), icon: "bell", apart: true, act: () => void unmute() });
    list.push({ label: t("muteMember"), icon: "mute", apart: !muted(), act: () => setAsks("mute") });
    list.push({ label: t("removeMember"), icon: "leave", danger: true, apart: true, act: () => setAsks("remove") });
    list.push({ label: t("banMember"), icon: "ban", danger: true, act: () => setAsks("ban") });
    return list;
  };

  const answered = () => (setAsks(undefined), void refetch());
  const question = () => {
    const what = asks();
    const words = { name: name(), room: chat.title(props.roomId) };
    if (what === "owner") return t("makeOwnerQuestion", words);
    return t(what === "ban" ? "banQuestion" : "removeQuestion", words);
  };
  function confirmed(): Promise<unknown> {
    const { roomId, userId } = props;
    if (asks() === "owner") return chat.api.setMemberRole(roomId, userId, "owner");
    return asks() === "ban" ? chat.api.banMember(roomId, userId) : chat.api.removeMember(roomId, userId);
  }

  return (
    <Show when={rights().manage && member()}>
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
          <Show when={asks()}>
            {(what) => (
              <Show
                when={what() !== "mute"}
                fallback={<MuteMember roomId={props.roomId} userId={props.userId} name={name()} until={it().mutedUntil} onClose={answered} />}
              >
                <Confirm
                  title={t(what() === "owner" ? "makeOwner" : what() === "ban" ? "banMember" : "removeMember")}
                  question={question()}
                  act={confirmed}
                  onClose={answered}
                />
              </Show>
            )}
          </Show>
        </>
      )}
    </Show>
  );
}
