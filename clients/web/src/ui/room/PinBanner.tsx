import { Show } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { Thumbnail } from "../files/Thumbnail";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { messagePreview } from "./message-preview";
import { useRoom } from "./room-context";

/** The newest pin, above the timeline. */
export default function PinBanner(props: { pins: readonly Message[]; onAll: () => void }) {
  const chat = useChat();
  const context = useRoom();
  return (
    <Show when={props.pins[0]}>
      {(pin) => (
        <div class="pin-banner">
          <button type="button" class="pin-banner-main" title={t("goToMessage")} onClick={() => context.jump(pin().seq)}>
            <Icon name="pin" />
            <Thumbnail message={pin()} />
            <span class="clip">
              <strong>
                <bdi>{chat.user(pin().senderId)?.displayName ?? "…"}</bdi>
              </strong>{" "}
              <bdi>{messagePreview(chat, pin())}</bdi>
            </span>
          </button>
          <Show when={props.pins.length > 1}>
            <button type="button" class="link small" onClick={() => props.onAll()}>
              {t("allPins", { count: props.pins.length })}
            </button>
          </Show>
        </div>
      )}
    </Show>
  );
}
