import "../shared/deferred-icons";

import { Show, createSignal, onMount } from "solid-js";

import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { t } from "../i18n";
import { Dialog } from "../shared/Dialog";
import { Icon } from "../shared/Icon";
import { PagedList } from "../shared/PagedList";
import { attempt } from "../shared/toast";
import { PeopleSearch } from "../people/PeopleSearch";
import { UserLine } from "../people/UserLine";

/** Who may not come in, and letting them in again. */
export default function BansDialog(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  const [adding, setAdding] = createSignal(false);
  const bans = createPagedList((_, token) => chat.api.listBans(props.roomId, token));
  onMount(() => void bans.load(""));
  async function unban(userId: string): Promise<void> {
    if (await attempt(chat.api.unbanMember(props.roomId, userId))) await bans.load("");
  }
  async function ban(userId: string): Promise<void> {
    setAdding(false);
    if (await attempt(chat.api.banMember(props.roomId, userId))) await bans.load("");
  }
  return (
    <Dialog title={t("bans")} onClose={props.onClose}>
      <PagedList paged={bans} class="plain-list" none={t("noBans")}>
        {({ user }) => (
          <li>
            <UserLine user={user} />
            <button type="button" class="button" onClick={() => void unban(user.id)}>
              {t("unban")}
            </button>
          </li>
        )}
      </PagedList>
      <div class="ban-new">
        <Show
          when={adding()}
          fallback={
            <button type="button" class="button button-danger" onClick={() => setAdding(true)}>
              <Icon name="ban" />
              {t("banPerson")}
            </button>
          }
        >
          <PeopleSearch onChoose={(user) => void ban(user.id)} />
        </Show>
      </div>
    </Dialog>
  );
}
