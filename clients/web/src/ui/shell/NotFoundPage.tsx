import { t } from "../i18n";

/** The address belongs to no page. */
export default function NotFoundPage() {
  return (
    <div class="empty">
      <h1>{t("notFound")}</h1>
      <a class="button" href="/">
        {t("home")}
      </a>
    </div>
  );
}
