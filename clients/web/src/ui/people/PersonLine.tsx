import type { User } from "../../nouns";
import { Avatar } from "../kit/Avatar";

/** Who it is, in one line of a list. */
export function PersonLine(props: { user: User }) {
  return (
    <>
      <Avatar id={props.user.id} name={props.user.displayName} photo={props.user.photoId} />
      <span class="member-text">
        <span class="member-name clip" dir="auto">
          {props.user.displayName}
        </span>
        <bdi class="member-note clip">@{props.user.username}</bdi>
      </span>
    </>
  );
}
