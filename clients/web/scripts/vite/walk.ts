/** All that can be reached from these. */
export function walk(from: string[], next: (id: string) => readonly string[]): Set<string> {
  const seen = new Set(from);
  // A set takes in what is added while it is gone through.
  for (const id of seen) for (const other of next(id)) seen.add(other);
  return seen;
}
