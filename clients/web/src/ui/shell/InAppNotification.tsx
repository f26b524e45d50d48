import { Show } from "solid-js";

import { useChat } from "../../stores/chat";
import { Avatar } from "../shared/Avatar";
import { messagePreview } from "../room/message-preview";
import { roomPath } from "../shared/router";
import type { NotificationContent } from "./notifications";

/** A new message in another room than the one on the screen, with a link to it. */
export function InAppNotification(props: { notification: NotificationContent | undefined }) {
  const chat = useChat();
  return (
    <div class="in-app-notification-area" role="status">
      <Show when={props.notification} keyed>
        {({ message, title }) => (
          <a class="in-app-notification" href={roomPath(message.roomId, message.seq)}>
            <Avatar id={message.senderId} name={title} photo={chat.user(message.senderId)?.photoId} />
            <span class="in-app-notification-text">
              <strong class="clip" dir="auto">
                {title}
              </strong>
              <span class="clip" dir="auto">
                {messagePreview(chat, message)}
              </span>
            </span>
          </a>
        )}
      </Show>
    </div>
  );
}
