// Takes the files that someone chose, pasted or dropped.

import { uploadAttachment } from "../../stores/composer/pending-attachment";
import type { ComposerState } from "../../stores/composer/composer-state";
import type { Chat } from "../../stores/chat";
import { explain, labelled, t } from "../i18n";
import { toast } from "../shared/toast";

/** As many as go with one message. */
const MOST = 10;

export function attachAll(chat: Chat, begun: ComposerState, chosen: readonly File[]): void {
  const say = (file: File, what: string) => toast(labelled(file.name, what), true);
  const whole = chosen.filter((file) => file.size > 0);
  for (const file of chosen) if (!file.size) say(file, t("fileEmpty"));
  const free = MOST - begun.files().length;
  if (whole.length > free) toast(t("tooManyFiles", { max: MOST }), true);
  for (const file of whole.slice(0, free)) uploadAttachment(chat.api, begun, file, (error) => say(file, explain(error)));
}
