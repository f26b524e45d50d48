import { Show, createSignal, createUniqueId, splitProps, type JSX } from "solid-js";

import { t } from "../i18n";
import { Icon } from "./Icon";

type FieldProps = JSX.InputHTMLAttributes<HTMLInputElement> & {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  optional?: boolean;
};

/** A labelled input that says what is wrong with it. */
export function Field(all: FieldProps) {
  const [own, input] = splitProps(all, ["label", "hint", "error", "optional", "type"]);
  const id = createUniqueId();
  const [shown, setShown] = createSignal(false);
  return (
    <div class="field">
      <label for={id}>
        {own.label}
        <Show when={own.optional}>
          <span class="muted"> · {t("optional")}</span>
        </Show>
      </label>
      <div class="field-box">
        <input
          {...input}
          id={id}
          class="input"
          type={own.type === "password" && shown() ? "text" : own.type}
          aria-invalid={own.error ? "true" : undefined}
          aria-describedby={`${id}-note`}
        />
        <Show when={own.type === "password"}>
          <button
            type="button"
            class="icon-button field-eye"
            aria-label={t("showPassword")}
            aria-pressed={shown()}
            onClick={() => setShown(!shown())}
          >
            <Icon name="eye" />
          </button>
        </Show>
      </div>
      <FieldNote id={`${id}-note`} error={own.error} hint={own.hint} />
    </div>
  );
}

export function TextArea(
  all: JSX.TextareaHTMLAttributes<HTMLTextAreaElement> & { label: string; hint?: string; error?: string | undefined },
) {
  const [own, input] = splitProps(all, ["label", "hint", "error"]);
  const id = createUniqueId();
  return (
    <div class="field">
      <label for={id}>{own.label}</label>
      <textarea {...input} id={id} class="input" aria-invalid={own.error ? "true" : undefined} aria-describedby={`${id}-note`} />
      <FieldNote id={`${id}-note`} error={own.error} hint={own.hint} />
    </div>
  );
}

function FieldNote(props: { id: string; error: string | undefined; hint: string | undefined }) {
  return (
    <div id={props.id}>
      <Show when={props.error} fallback={<Show when={props.hint}>{(hint) => <p class="hint">{hint()}</p>}</Show>}>
        {(error) => <p class="error">{error()}</p>}
      </Show>
    </div>
  );
}
