import { t } from "./i18n";

/** What is left when the page itself has failed. */
export function Failed(props: { error: unknown }) {
  console.error(props.error);
  return (
    <main class="center-page">
      <div class="empty">
        <h1>{t("failed")}</h1>
        <button type="button" class="button" onClick={() => location.reload()}>
          {t("reload")}
        </button>
      </div>
    </main>
  );
}
