import { Show } from "solid-js";

/** What went wrong, said to eyes and ears. */
export function FormError(props: { text: string | undefined }) {
  return (
    <div role="alert">
      <Show when={props.text}>
        <p class="form-error">{props.text}</p>
      </Show>
    </div>
  );
}
