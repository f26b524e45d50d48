// The browser that is on this machine, whatever it is called there.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { chromium, type Browser } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const PLACES = ["/usr/bin", "/usr/local/bin", "/snap/bin", "/Applications/Google Chrome.app/Contents/MacOS"];

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: found(),
    timeout: 120_000,
    // A container may run as root, and may have little shared memory.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

function found(): string {
  const chosen = process.env["CHROMIUM"];
  const places = [...(process.env["PATH"] ?? "").split(delimiter), ...PLACES];
  const names = chosen ? [chosen] : [...NAMES, "Google Chrome"];
  const candidates = names.flatMap((name) => (name.includes("/") ? [name] : places.map((place) => join(place, name))));
  const path = candidates.find(isExecutable);
  if (path) return path;
  const looked = chosen ? `CHROMIUM is ${chosen}, which` : `None of ${names.join(", ")}`;
  throw new Error(`${looked} can be started. On Debian or Ubuntu: sudo apt-get install chromium; else set CHROMIUM.`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
