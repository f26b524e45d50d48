import { untrack } from "solid-js";

import { useChat } from "../../stores/chat";
import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { Field } from "../shared/Field";
import { createForm, text } from "../shared/form";
import { FormError } from "../shared/FormError";

/** Edits the status text that others see beside the user's name. */
export default function StatusDialog(props: { onClose: () => void }) {
  const chat = useChat();
  const before = untrack(chat.me).statusText;
  let field!: HTMLInputElement;
  const form = createForm(async (data) => {
    await chat.saveProfile({ statusText: text(data, "statusText").trim() });
    props.onClose();
  });
  return (
    <Dialog title={t("statusText")} onClose={props.onClose}>
      <form onSubmit={form.submit}>
        <Field
          ref={field}
          label={t("setStatus")}
          name="statusText"
          value={before}
          hint={t("statusHint")}
          maxLength={100}
          autocomplete="off"
          autofocus
          error={form.fieldError("status_text")}
        />
        <FormError text={form.errorText()} />
        <div class="dialog-foot">
          {before && (
            <button class="button" disabled={form.busy()} onClick={() => (field.value = "")}>
              {t("clearStatus")}
            </button>
          )}
          <button class="button button-primary" disabled={form.busy()}>
            {t("save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
