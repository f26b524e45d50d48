import type { Row } from "../../state/rows";
import { DayRow, NewRow, StartRow, SystemRow } from "./NoteRows";
import { MessageRowView } from "./MessageRow";
import { WaitingRowView } from "./WaitingRow";

/**
 * One component for each kind of row. A row is a new object when it changes, so
 * nothing here has to be watched: rows are made by the thousand as one scrolls.
 */
export function RowView(props: { row: Row; roomId: string; flash: boolean }) {
  const { row, roomId } = props;
  if (row.kind === "start") return <StartRow roomId={roomId} />;
  const above = (
    <>
      {row.day === undefined ? undefined : <DayRow at={row.day} />}
      {row.line ? <NewRow /> : undefined}
    </>
  );
  switch (row.kind) {
    case "message":
      return [above, <MessageRowView row={row} flash={props.flash} />];
    case "waiting":
      return [above, <WaitingRowView row={row} />];
    case "system":
      return [above, <SystemRow message={row.message} />];
  }
}
