import { For, Show, Suspense, createResource } from "solid-js";

import type { Message } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatTime } from "../i18n/format-values";
import { explain, t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { Markdown } from "./Markdown";

/** What a message said before it was edited, the present text first. */
export default function VersionsDialog(props: { message: Message; onClose: () => void }) {
  const chat = useChat();
  const [versions] = createResource(async () => {
    const { roomId, seq, content, editedAt } = props.message;
    const before = await chat.api.listVersions(roomId, seq).catch((error: unknown) => String(explain(error)));
    if (typeof before === "string") return before;
    const now = { text: content.kind === "text" ? content.text : "", writtenAt: editedAt };
    return [now, ...before.toReversed()];
  });
  const list = () => (Array.isArray(versions()) ? (versions() as { text: string; writtenAt: number }[]) : []);
  return (
    <Dialog title={t("versions")} class="versions" onClose={props.onClose}>
      <Suspense fallback={<div class="dialog-loading" role="status" aria-label={t("loading")} />}>
        <Show when={typeof versions() === "string"}>
          <p class="form-error">{versions() as string}</p>
        </Show>
        <ol class="version-list" aria-busy={versions.loading}>
          <For each={list()}>
            {({ text, writtenAt }, i) => (
              <li>
                <p class="muted small">
                  {formatTime(writtenAt, "full")}
                  <Show when={i() === 0}>
                    {" "}
                    <span class="tag">{t("versionNow")}</span>
                  </Show>
                </p>
                <div class="bubble">
                  <Markdown text={text} />
                </div>
              </li>
            )}
          </For>
        </ol>
      </Suspense>
    </Dialog>
  );
}
