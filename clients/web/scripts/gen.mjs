// Generates src/gen from the protos with the repository's own buf, installed
// beside this package because its platform packages do not belong in a lock
// file. Then the emoji, from the data of a package.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const tools = join(here, "../../tools/buf");
const buf = join(tools, "node_modules/.bin/buf");
const run = (command, args, cwd) => {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
};
if (!existsSync(buf)) {
  run("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"], tools);
}
run(buf, ["generate"], here);
await import("./emoji.mjs");
