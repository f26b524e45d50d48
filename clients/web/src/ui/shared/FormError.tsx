import { Show } from "solid-js";

/** An error message that is also announced by screen readers. */
export function FormError(props: { text: string | undefined }) {
  return (
    <div role="alert">
      <Show when={props.text}>
        <p class="form-error">{props.text}</p>
      </Show>
    </div>
  );
}
