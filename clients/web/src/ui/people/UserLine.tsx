import type { User } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { Avatar } from "../shared/Avatar";

/** Who it is, in one line of a list. */
export function UserLine(props: { user: User }) {
  const chat = useChat();
  const user = () => chat.user(props.user.id) ?? props.user;
  return (
    <>
      <Avatar id={user().id} name={user().displayName} photo={user().photoId} />
      <span class="member-text">
        <span class="member-name clip" dir="auto">
          {user().displayName}
        </span>
        <bdi class="member-note clip">@{user().username}</bdi>
      </span>
    </>
  );
}
