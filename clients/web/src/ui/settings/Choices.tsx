import { For, Show } from "solid-js";

/** One of several, as radio buttons. */
export function Choices<T extends string>(props: {
  legend: string;
  name: string;
  /** Undefined until it is known. */
  value: T | undefined;
  choices: readonly { value: T; label: string; lang?: string; hint?: string }[];
  /** What was chosen is shown until this has ended, and then what is. */
  onChange: (value: T) => unknown;
}) {
  let set!: HTMLFieldSetElement;
  async function choose(value: T): Promise<void> {
    await props.onChange(value);
    for (const it of set.querySelectorAll("input")) it.checked = it.value === props.value;
  }
  return (
    <fieldset ref={set} class="choices">
      <legend>{props.legend}</legend>
      <For each={props.choices}>
        {({ value, label, lang, hint }) => (
          <label class="choice">
            <input
              type="radio"
              name={props.name}
              value={value}
              checked={props.value === value}
              onChange={() => void choose(value)}
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
