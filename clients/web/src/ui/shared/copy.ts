import { t } from "../i18n";
import { toast } from "./toast";

/** Copies a text. Returns whether that worked, and shows a toast if not. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Only secure contexts have a clipboard, and some pages may not use it.
    if (!copySelected(text)) return toast(t("copyFailed"), true), false;
  }
  return true;
}

/** As one would by hand: the text is selected and copied. An open dialog lets nothing outside of it be selected. */
function copySelected(text: string): boolean {
  const before = document.activeElement;
  const box = document.createElement("textarea");
  box.className = "sr-only";
  box.value = text;
  ([...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body).append(box);
  box.select();
  const copied = document.execCommand("copy");
  box.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return copied;
}
