// Access to localStorage, which may be full or forbidden. What cannot be stored is kept
// in memory.

const memory = new Map<string, string>();

// Another tab has stored a newer value.
globalThis.addEventListener?.("storage", ({ key }) => (key === null ? memory.clear() : memory.delete(key)));

export function read(key: string): string | null {
  try {
    return memory.get(key) ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function write(key: string, value: string): void {
  try {
    memory.delete(key);
    localStorage.setItem(key, value);
  } catch {
    memory.set(key, value);
  }
}

export function erase(key: string): void {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}

/** All keys with this prefix. */
export function keys(prefix: string): string[] {
  const all = [...memory.keys()];
  try {
    all.push(...Object.keys(localStorage));
  } catch {
    // Nothing was kept.
  }
  return [...new Set(all)].filter((key) => key.startsWith(prefix));
}
