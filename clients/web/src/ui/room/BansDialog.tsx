import "../kit/lateIcons";

import { Show, createSignal, onMount } from "solid-js";

import { useChat } from "../../state/chat";
import { createPaged } from "../../state/paged";
import { t } from "../i18n";
import { Dialog } from "../kit/Dialog";
import { Icon } from "../kit/Icon";
import { PagedList } from "../kit/PagedList";
import { attempt } from "../kit/toast";
import { PeopleSearch } from "../people/PeopleSearch";
import { PersonLine } from "../people/PersonLine";

/** Who may not come in, and letting them in again. */
export default function BansDialog(props: { roomId: string; onClose: () => void }) {
  const chat = useChat();
  const [adding, setAdding] = createSignal(false);
  const bans = createPaged((_, token) => chat.api.listBans(props.roomId, token));
  onMount(() => void bans.search(""));
  async function unban(userId: string): Promise<void> {
    if (await attempt(chat.api.unbanMember(props.roomId, userId))) await bans.search("");
  }
  async function ban(userId: string): Promise<void> {
    setAdding(false);
    if (await attempt(chat.api.banMember(props.roomId, userId))) await bans.search("");
  }
  return (
    <Dialog title={t("bans")} onClose={props.onClose}>
      <PagedList paged={bans} class="plain-list" none={t("noBans")}>
        {({ user }) => (
          <li>
            <PersonLine user={user} />
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
              {t("banSomeone")}
            </button>
          }
        >
          <PeopleSearch onChoose={(user) => void ban(user.id)} />
        </Show>
      </div>
    </Dialog>
  );
}
