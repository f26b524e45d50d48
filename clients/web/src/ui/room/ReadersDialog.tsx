import { Match, Show, Suspense, Switch, createResource } from "solid-js";

import type { Count, Message, ReceiptReport } from "../../domain/types";
import { useChat } from "../../stores/chat";
import { formatCount } from "../i18n/format-values";
import { explain, t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { UserList } from "../people/UserList";

/** Who has read a message, and at whom else it has arrived. */
export default function ReadersDialog(props: { message: Message; onClose: () => void }) {
  const chat = useChat();
  const [report] = createResource(
    () => [props.message.seq, chat.trackReceipts(props.message.roomId)] as const,
    ([seq]) => chat.api.listReceipts(props.message.roomId, seq).catch((error: unknown) => error),
  );
  /** What was read before stays while it is read anew. */
  const now = (): ReceiptReport | undefined => {
    const answer = report.latest;
    return answer && !(answer instanceof Error) ? (answer as ReceiptReport) : undefined;
  };
  const people = (read: boolean) =>
    (now()?.receipts ?? []).filter(({ readSeq }) => readSeq >= props.message.seq === read).map(({ userId }) => userId);
  const deliveredOnly = ({ read, delivered }: ReceiptReport): Count => ({ count: Math.max(delivered.count - read.count, 0), more: delivered.more });
  return (
    <Dialog title={t("readByTitle")} onClose={props.onClose}>
      <div class="readers" aria-busy={report.loading}>
        <Suspense fallback={<div class="dialog-loading" role="status" aria-label={t("loading")} />}>
          <Switch>
            <Match when={now()}>
              {(it) => (
                <>
                  <ReaderSection title={t("read")} count={it().read} ids={people(true)} none={t("readByNoOne")} />
                  <Show when={deliveredOnly(it()).count}>
                    <ReaderSection title={t("delivered")} count={deliveredOnly(it())} ids={people(false)} none="" />
                  </Show>
                  <p class="muted small">{t("readByHint")}</p>
                </>
              )}
            </Match>
            <Match when={report.latest instanceof Error}>
              <p class="form-error">{explain(report.latest)}</p>
            </Match>
          </Switch>
        </Suspense>
      </div>
    </Dialog>
  );
}

function ReaderSection(props: { title: string; count: Count; ids: readonly string[]; none: string }) {
  return (
    <section>
      <h3>
        {props.title} · {formatCount(props.count)}
      </h3>
      <Show when={props.count.count} fallback={<p class="muted">{props.none}</p>}>
        <UserList ids={props.ids} />
      </Show>
    </section>
  );
}
