import { onMount, type JSX } from "solid-js";
import { Portal } from "solid-js/web";

import { t } from "../i18n";
import { restoreFocus } from "./focus";
import { Icon } from "./Icon";
import { Toasts } from "./Toasts";

/** A modal dialog: the browser keeps the focus inside and gives it back. */
export function Dialog(props: {
  title: string;
  onClose: () => void;
  class?: string;
  /** The title is only for those who cannot see. */
  bare?: boolean;
  children: JSX.Element;
}) {
  let dialog!: HTMLDialogElement;
  /** The press began beside the dialog: what is dragged out of it, or its scrollbar, is not meant. */
  let beside = false;
  function isBeside({ target, clientX: x, clientY: y }: MouseEvent): boolean {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    return target === dialog && (x < left || x > right || y < top || y > bottom);
  }
  restoreFocus(() => dialog);
  onMount(() => {
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[autofocus]")?.focus();
  });
  return (
    <Portal>
      <dialog
        ref={dialog}
        class={`dialog ${props.class ?? ""}`}
        aria-label={props.title}
        onClose={() => props.onClose()}
        onPointerDown={(event) => (beside = isBeside(event))}
        onClick={(event) => beside && isBeside(event) && props.onClose()}
      >
        <div class="dialog-body">
          {!props.bare && (
            <header class="dialog-head">
              <h2>{props.title}</h2>
              <button type="button" class="icon-button" aria-label={t("close")} onClick={() => props.onClose()}>
                <Icon name="close" />
              </button>
            </header>
          )}
          {props.children}
        </div>
        <Toasts />
      </dialog>
    </Portal>
  );
}
