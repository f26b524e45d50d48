import { For, Show } from "solid-js";

/** One of several, as radio buttons. */
export function Choices<T extends string>(props: {
  legend: string;
  name: string;
  value: T;
  choices: readonly { value: T; label: string; lang?: string; hint?: string }[];
  onChange: (value: T) => void;
}) {
  return (
    <fieldset class="choices">
      <legend>{props.legend}</legend>
      <For each={props.choices}>
        {({ value, label, lang, hint }) => (
          <label class="choice">
            <input
              type="radio"
              name={props.name}
              checked={props.value === value}
              onChange={() => props.onChange(value)}
            />
            <span lang={lang}>
              {label}
              <Show when={hint}>
                <small class="hint">{hint}</small>
              </Show>
            </span>
          </label>
        )}
      </For>
    </fieldset>
  );
}
