import { createEffect, createMemo, on } from "solid-js";

import { useChat } from "../../stores/chat";
import { messageKey } from "../../stores/search/room-search";
import { createPagedList } from "../../stores/lists/paged-list";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { PagedList } from "../shared/PagedList";
import { MessageCard } from "./MessageCard";

/** The messages that call the user, over all rooms. */
export default function MentionsPage() {
  const chat = useChat();
  const mentions = createPagedList((_, token) => chat.api.listMentions(token), messageKey);
  const unread = createMemo(() => chat.rooms().reduce((sum, room) => sum + room.unread.mentions, 0));
  const live = createMemo(() => chat.connection().kind === "live");
  // What calls while one looks stands here too; what was missed without a connection comes with it.
  createEffect(on([unread, live], () => void mentions.load("")));
  return (
    <div class="page">
      <header class="page-head">
        <a class="icon-button back" href="/" aria-label={t("back")}>
          <Icon name="back" />
        </a>
        <h1>{t("mentions")}</h1>
      </header>
      <PagedList paged={mentions} class="directory" none={t("noMentions")}>
        {(message) => <MessageCard message={message} />}
      </PagedList>
    </div>
  );
}
