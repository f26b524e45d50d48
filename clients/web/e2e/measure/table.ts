// Rows as `make bench` prints them.

export interface Row {
  readonly measure: string;
  readonly value: string;
  readonly aim: string;
}

export function print(title: string, rows: readonly Row[]): void {
  const lines = rows.map(({ measure, value, aim }) => `| ${measure} | ${value} | ${aim} |`);
  process.stdout.write(["", `### ${title}`, "", "| measure | value | aim |", "|---|---:|---|", ...lines, ""].join("\n"));
}

export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
