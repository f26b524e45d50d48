import { untrack, type JSX } from "solid-js";

import type { Row } from "../../stores/timeline/rows";
import { DayRow, NewRow, StartRow, SystemRow } from "./SystemRows";
import { MessageRowView } from "./MessageRow";
import { OutboxRowView } from "./OutboxRow";

type Kind<K extends Row["kind"]> = { readonly row: Extract<Row, { kind: K }>; readonly roomId: string; readonly flash: boolean };

/** One component for each kind of row: that never changes, all else of a row may. */
const KINDS: { [K in Row["kind"]]: (props: Kind<K>) => JSX.Element } = {
  start: (props) => <StartRow roomId={props.roomId} />,
  message: (props) => [<Separators row={props.row} />, <MessageRowView row={props.row} flash={props.flash} />],
  outbox: (props) => [<Separators row={props.row} />, <OutboxRowView row={props.row} />],
  system: (props) => [<Separators row={props.row} />, <SystemRow message={props.row.message} />],
};

export function RowView(props: { row: Row; roomId: string; flash: boolean }): JSX.Element {
  return untrack(() => KINDS[props.row.kind])(props as never);
}

function Separators(props: { row: Exclude<Row, { kind: "start" }> }): JSX.Element {
  return (
    <>
      {props.row.day !== undefined && <DayRow at={props.row.day} />}
      {props.row.startsNew && <NewRow />}
    </>
  );
}
