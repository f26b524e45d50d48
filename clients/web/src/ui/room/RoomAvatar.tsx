import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { Avatar } from "../shared/Avatar";

/** The room's picture: in a direct room, the other one's. */
export function RoomAvatar(props: { roomId: string; size?: "small" | "medium" | "large" }) {
  const chat = useChat();
  const peer = () => chat.peer(props.roomId);
  const picture = () => chat.room(props.roomId)?.room.pictureId;
  return (
    <Show
      when={peer()}
      fallback={<Avatar id={props.roomId} name={chat.title(props.roomId)} photo={picture()} shape="room" size={props.size ?? "medium"} />}
    >
      {(id) => (
        <Avatar
          id={id()}
          name={chat.title(props.roomId)}
          photo={chat.user(id())?.photoId}
          size={props.size ?? "medium"}
          presence={id() === chat.me().id ? undefined : (chat.presence(id())?.state ?? "offline")}
        />
      )}
    </Show>
  );
}
