import { t } from "../i18n";
import { Dialog } from "./Dialog";
import { createForm } from "./form";
import { FormError } from "./FormError";

/** Asks before something that others notice. */
export function Confirm(props: {
  title: string;
  question: string;
  /** It takes nothing from anyone. */
  mild?: boolean;
  /** What the server may refuse, in better words than its own. */
  explain?: (failure: unknown) => string | undefined;
  act: () => Promise<unknown>;
  onClose: () => void;
}) {
  const form = createForm(async () => {
    await props.act();
    props.onClose();
  });
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form onSubmit={form.submit}>
        <p>{props.question}</p>
        <FormError text={form.failure() ? (props.explain?.(form.failure()) ?? form.errorText()) : undefined} />
        <div class="dialog-foot">
          <button type="button" class="button" autofocus onClick={() => props.onClose()}>
            {t("cancel")}
          </button>
          <button class={`button ${props.mild ? "button-primary" : "button-danger"}`} disabled={form.busy()}>
            {props.title}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
