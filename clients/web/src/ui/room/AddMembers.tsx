import { For, Show, createSignal } from "solid-js";

import type { User } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { labelled, t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { createForm } from "../shared/form";
import { Icon } from "../shared/Icon";
import { FormError } from "../shared/FormError";
import { PeopleSearch } from "../people/PeopleSearch";

/** As many as the server takes at once. */
const MAX_MEMBERS_PER_CALL = 50;

export default function AddMembers(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  const [chosen, setChosen] = createSignal<readonly User[]>([]);
  const form = createForm(async () => {
    await chat.api.addMembers(props.roomId, chosen().map(({ id }) => id));
    props.onClose();
  });
  function toggle(user: User): void {
    const rest = chosen().filter(({ id }) => id !== user.id);
    if (rest.length < chosen().length) setChosen(rest);
    else if (rest.length < MAX_MEMBERS_PER_CALL) setChosen([...rest, user]);
  }
  let element!: HTMLFormElement;
  /** The chip goes; one looks on for others. */
  function removeChip(user: User): void {
    toggle(user);
    element.querySelector<HTMLElement>("[role=combobox]")?.focus();
  }
  return (
    <Dialog title={t("addMembers")} onClose={props.onClose}>
      <form ref={element} onSubmit={form.submit}>
        <Show when={chosen().length}>
          <ul class="chips">
            <For each={chosen()}>
              {(user) => (
                <li>
                  <button type="button" class="chip" aria-label={labelled(t("remove"), user.displayName)} onClick={() => removeChip(user)}>
                    <span class="clip" dir="auto">
                      {user.displayName}
                    </span>
                    <Icon name="close" />
                  </button>
                </li>
              )}
            </For>
          </ul>
        </Show>
        <PeopleSearch chosen={chosen()} onChoose={toggle} />
        <FormError text={form.errorText()} />
        <div class="dialog-foot">
          <button type="button" class="button" onClick={() => props.onClose()}>
            {t("cancel")}
          </button>
          <button class="button button-primary" disabled={form.busy() || !chosen().length}>
            {t("add")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
