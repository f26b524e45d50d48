import { Show, createSignal, onMount, untrack } from "solid-js";

import { useChat } from "../../stores/chat";
import { AvatarField } from "../files/AvatarField";
import { createAvatarChoice } from "../files/avatar-choice";
import { t } from "../i18n";
import { Avatar } from "../shared/Avatar";
import { Field, TextArea } from "../shared/Field";
import { createForm, text } from "../shared/form";
import { FormError } from "../shared/FormError";

export function ProfileSettings() {
  const chat = useChat();
  const initial = untrack(chat.me);
  const [name, setName] = createSignal(initial.displayName);
  const photo = createAvatarChoice(chat, () => chat.me().photoId);
  const [saved, setSaved] = createSignal(false);
  /** As it was; can be changed once it is known. */
  const [email, setEmail] = createSignal<string>();
  onMount(() => chat.api.getMe().then((me) => setEmail(me.email), () => undefined));
  const form = createForm(async (data) => {
    setSaved(false);
    const avatarFileId = await photo.upload();
    await chat.saveProfile({
      displayName: text(data, "displayName").trim(),
      bio: text(data, "bio").replaceAll("\r\n", "\n").trim(),
      statusText: text(data, "statusText").trim(),
      ...(email() !== undefined && { email: text(data, "email").trim() }),
      ...(avatarFileId !== undefined && { avatarFileId }),
    });
    photo.onSaved();
    setSaved(true);
  });
  return (
    <form class="card settings-card" onSubmit={form.submit} onInput={() => setSaved(false)}>
      <div class="profile-head">
        <AvatarField choice={photo}>
          <Avatar id={initial.id} name={name()} size="huge" photo={photo.shown()} preview={photo.preview()} />
        </AvatarField>
        <div class="profile-name">
          <strong dir="auto">{name()}</strong>
          <p class="muted">
            <bdi>@{initial.username}</bdi>
          </p>
        </div>
      </div>
      <Field
        label={t("displayName")}
        name="displayName"
        value={initial.displayName}
        maxLength={64}
        required
        autocomplete="name"
        onInput={(event) => setName(event.currentTarget.value)}
        error={form.fieldError("display_name")}
      />
      <Field
        label={t("statusText")}
        name="statusText"
        value={initial.statusText}
        hint={t("statusHint")}
        maxLength={100}
        autocomplete="off"
        error={form.fieldError("status_text")}
      />
      <TextArea label={t("bio")} name="bio" value={initial.bio} maxLength={500} rows={4} error={form.fieldError("bio")} />
      <Show when={email() !== undefined}>
        <Field
          label={t("email")}
          name="email"
          type="email"
          value={email()}
          hint={t("emailHint")}
          autocomplete="email"
          maxLength={254}
          optional
          error={form.fieldError("email")}
        />
      </Show>
      <FormError text={form.errorText()} />
      <div class="form-foot">
        <button class="button button-primary" disabled={form.busy()}>
          {t("save")}
        </button>
        <span role="status" class="saved">
          <Show when={saved()}>{t("saved")}</Show>
        </span>
      </div>
    </form>
  );
}
