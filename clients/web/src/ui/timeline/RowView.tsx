import { Match, Show, Switch } from "solid-js";

import type { Row } from "../../state/rows";
import { DayRow, NewRow, StartRow, SystemRow } from "./NoteRows";
import { MessageRowView } from "./MessageRow";
import { WaitingRowView } from "./WaitingRow";

/** One component for each kind of row. A row is a new object when it changes. */
export function RowView(props: { row: Row; roomId: string; flash: boolean }) {
  return (
    <>
      <Show when={props.row.kind !== "start" && props.row.day}>{(at) => <DayRow at={at()} />}</Show>
      <Show when={props.row.kind !== "start" && props.row.line}>
        <NewRow />
      </Show>
      <Switch>
        <Match when={props.row.kind === "message" && props.row}>
          {(row) => <MessageRowView row={row()} flash={props.flash} />}
        </Match>
        <Match when={props.row.kind === "waiting" && props.row}>{(row) => <WaitingRowView row={row()} />}</Match>
        <Match when={props.row.kind === "system" && props.row}>{(row) => <SystemRow message={row().message} />}</Match>
        <Match when={props.row.kind === "start"}>
          <StartRow roomId={props.roomId} />
        </Match>
      </Switch>
    </>
  );
}
