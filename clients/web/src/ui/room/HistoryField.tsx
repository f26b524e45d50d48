import type { History } from "../../domain/types";
import { t } from "../i18n";
import { Choices } from "../settings/Choices";

/** What those who join see of what was said before. */
export function HistoryField(props: { value: History; onChange: (value: History) => void }) {
  return (
    <Choices
      legend={t("historyVisibility")}
      name="history"
      value={props.value}
      choices={[
        { value: "fromStart", label: t("historyFromStart"), hint: t("historyFromStartHint") },
        { value: "fromJoining", label: t("historyFromJoining"), hint: t("historyFromJoiningHint") },
      ]}
      onChange={props.onChange}
    />
  );
}
