// Takes the files that someone chose, pasted or dropped.

import { uploadAttachment } from "../../stores/composer/pending-attachment";
import type { ComposerState } from "../../stores/composer/composer-state";
import type { Chat } from "../../stores/chat";
import { explain, labelled, t } from "../i18n";
import { toast } from "../shared/toast";

/** As many as go with one message. */
const MAX_ATTACHMENTS = 10;

export function attachFiles(chat: Chat, composer: ComposerState, chosen: readonly File[]): void {
  const reportProblem = (file: File, what: string) => toast(labelled(file.name, what), true);
  const nonEmpty = chosen.filter((file) => file.size > 0);
  for (const file of chosen) if (!file.size) reportProblem(file, t("fileEmpty"));
  const free = MAX_ATTACHMENTS - composer.files().length;
  if (nonEmpty.length > free) toast(t("tooManyFiles", { max: MAX_ATTACHMENTS }), true);
  for (const file of nonEmpty.slice(0, free)) uploadAttachment(chat.api, composer, file, (error) => reportProblem(file, explain(error)));
}
