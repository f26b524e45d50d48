import "../shared/deferred-icons";

import { Show, type JSX } from "solid-js";

import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import type { AvatarChoice } from "./avatar-choice";

/** What the server can make a picture of. */
const TYPES = "image/png,image/jpeg,image/gif,image/webp";

/** Chooses the picture of a person or a room, and shows it before it is saved. */
export function AvatarField(props: { choice: AvatarChoice; children: JSX.Element }) {
  let picker!: HTMLInputElement;
  return (
    <div class="picture-field">
      {props.children}
      <div class="picture-actions">
        <input ref={picker} type="file" accept={TYPES} hidden onChange={() => (props.choice.choose(picker.files?.[0]), (picker.value = ""))} />
        <button type="button" class="button" aria-describedby="picture-hint" onClick={() => picker.click()}>
          <Icon name="image" />
          {t(props.choice.hasAvatar() ? "changePicture" : "choosePicture")}
        </button>
        <Show when={props.choice.hasAvatar()}>
          <button type="button" class="button" onClick={() => props.choice.remove()}>
            <Icon name="trash" />
            {t("removePicture")}
          </button>
        </Show>
        <small id="picture-hint" class="hint">
          {t("pictureHint")}
        </small>
      </div>
    </div>
  );
}
