import { createEffect, createSignal, on, onCleanup } from "solid-js";

import { useChat } from "../../stores/chat";
import { createPagedList } from "../../stores/lists/paged-list";
import { t } from "../i18n";
import { Icon } from "../shared/Icon";
import { PagedList } from "../shared/PagedList";
import { DirectoryItem } from "./DirectoryItem";

const DEBOUNCE_MS = 200;

export default function DirectoryPage(props: { onCreate: () => void }) {
  const chat = useChat();
  const [query, setQuery] = createSignal("");
  const rooms = createPagedList((text, token) => chat.api.browseRooms(text, token));
  createEffect(
    on(query, (text, before) => {
      const timer = setTimeout(() => void rooms.load(text.trim()), before === undefined ? 0 : DEBOUNCE_MS);
      onCleanup(() => clearTimeout(timer));
    }),
  );
  return (
    <div class="page">
      <header class="page-head">
        <a class="icon-button back" href="/" aria-label={t("back")}>
          <Icon name="back" />
        </a>
        <div class="grow">
          <h1>{t("directory")}</h1>
          <p class="muted">{t("directoryHint")}</p>
        </div>
        <button type="button" class="button button-primary" onClick={() => props.onCreate()}>
          <Icon name="plus" />
          {t("createRoom")}
        </button>
      </header>
      <div class="search-box search-box-large">
        <Icon name="search" />
        <input
          type="search"
          aria-label={t("findRoom")}
          placeholder={t("findRoom")}
          maxLength={64}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </div>
      <PagedList
        paged={rooms}
        class="directory"
        none={query().trim() ? t("noRoomsFound", { query: query().trim() }) : t("noPublicRooms")}
      >
        {({ room, joined }) => <DirectoryItem room={room} joined={joined} />}
      </PagedList>
    </div>
  );
}
