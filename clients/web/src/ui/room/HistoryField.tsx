import type { History } from "../../domain/types";
import { t } from "../i18n";
import { Choices } from "../settings/Choices";

/** What those who join see of what was said before. */
export function HistoryField(props: { value: History; onChange: (value: History) => void }) {
  return (
    <Choices
      legend={t("historyFor")}
      name="history"
      value={props.value}
      choices={[
        { value: "all", label: t("historyAll"), hint: t("historyAllHint") },
        { value: "joining", label: t("historyJoining"), hint: t("historyJoiningHint") },
      ]}
      onChange={props.onChange}
    />
  );
}
