// A picture that is being chosen: seen at once, uploaded when it is saved.

import { createSignal, onCleanup } from "solid-js";

import type { Chat } from "../../stores/chat";

export type AvatarChoice = ReturnType<typeof createAvatarChoice>;

/** `now` is the file that is the picture now; empty if there is none. */
export function createAvatarChoice(chat: Chat, currentFileId: () => string) {
  const [chosen, setChosen] = createSignal<{ file: File; url: string }>();
  const [removed, setRemoved] = createSignal(false);
  const control = new AbortController();
  const forget = () => {
    const url = chosen()?.url;
    if (url) URL.revokeObjectURL(url);
    setChosen(undefined);
  };
  onCleanup(() => (control.abort(), forget()));

  return {
    preview: () => chosen()?.url,
    /** The file to show beside a preview. */
    shown: () => (removed() ? "" : currentFileId()),
    hasAvatar: () => chosen() !== undefined || (!removed() && currentFileId() !== ""),
    choose(file: File | undefined): void {
      if (!file) return;
      forget();
      setChosen({ file, url: URL.createObjectURL(file) });
    },
    remove(): void {
      forget();
      setRemoved(true);
    },
    /** The id of what was chosen, now uploaded; empty if it shall go, undefined if nothing changes. */
    async upload(): Promise<string | undefined> {
      const picture = chosen();
      if (!picture) return removed() && currentFileId() ? "" : undefined;
      const { id } = await (await chat.api.files()).upload(picture.file, control.signal, () => undefined);
      return id;
    },
    /** It was saved. */
    onSaved(): void {
      forget();
      setRemoved(false);
    },
  };
}
