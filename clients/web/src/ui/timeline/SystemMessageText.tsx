import type { Message, SystemKind } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { t, type Key } from "../i18n";

const TEXTS: Partial<Record<SystemKind, Key>> = {
  removed: "sysRemoved",
  banned: "sysBanned",
  archived: "sysArchived",
  unarchived: "sysUnarchived",
  // Told only of the server's staff.
  muted: "sysMuted",
  unmuted: "sysUnmuted",
  unbanned: "sysUnbanned",
  messageDeleted: "sysMessageDeleted",
  messagePinned: "sysMessagePinned",
  messageUnpinned: "sysMessageUnpinned",
  settings: "sysSettings",
};

const ROLES: Record<string, Key> = { owner: "sysOwner", admin: "sysAdmin", member: "sysMember" };

function roleKey(detail: string, own: boolean): Key {
  if (own && detail !== "owner") return detail === "admin" ? "sysSteppedDownToAdmin" : "sysSteppedDownToMember";
  return ROLES[detail] ?? "sysMember";
}

/** The text of a system message of a rare kind, or by the server's staff. */
export default function SystemMessageText(props: { message: Message; text: string }) {
  const chat = useChat();
  const text = () => {
    const { content, senderId } = props.message;
    if (content.kind !== "system") return props.text;
    const name = (id: string) => chat.user(id)?.displayName ?? "…";
    const key = content.what === "role" ? roleKey(content.detail, senderId === content.aboutId) : TEXTS[content.what];
    const what = key ? t(key, { name: name(senderId), other: content.aboutId ? name(content.aboutId) : "" }) : props.text;
    if (content.staff === "user") return what;
    return t(content.staff === "admin" ? "sysByServerAdmin" : "sysByModerator", { what });
  };
  return <>{text()}</>;
}
