import { Show } from "solid-js";

import type { Room } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { labelled, t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { createForm } from "../shared/form";
import { FormError } from "../shared/FormError";
import { navigate, roomPath } from "../shared/router";

export function DirectoryItem(props: { room: Room; joined: boolean }) {
  const chat = useChat();
  const joined = () => chat.room(props.room.id) !== undefined || props.joined;
  const form = createForm(async () => {
    await chat.api.joinRoom(props.room.id);
    navigate(roomPath(props.room.id));
  });
  return (
    <li class="directory-item">
      <Avatar id={props.room.id} name={props.room.name} photo={props.room.pictureId} shape="room" size="large" />
      <div class="directory-text">
        <h2 dir="auto">{props.room.name}</h2>
        <Show when={props.room.topic}>
          <p dir="auto">{props.room.topic}</p>
        </Show>
        <p class="muted small">{t("members", { count: props.room.memberCount })}</p>
        <FormError text={form.errorText()} />
      </div>
      <Show
        when={joined()}
        fallback={
          <form onSubmit={form.submit}>
            <button class="button button-soft" disabled={form.busy()} aria-label={labelled(t("join"), props.room.name)}>
              {t("join")}
            </button>
          </form>
        }
      >
        <a class="button" href={roomPath(props.room.id)} aria-label={labelled(t("open"), props.room.name)}>
          {t("open")}
        </a>
      </Show>
    </li>
  );
}
