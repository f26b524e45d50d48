// Generates src/gen from the protos. Uses the repository's own buf, which `make
// buf` installs beside this package because its platform packages do not belong
// in a lock file, or any buf on the PATH.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const own = join(here, "../../tools/buf/node_modules/.bin/buf");
const buf = existsSync(own) ? own : "buf";
const run = spawnSync(buf, ["generate"], { cwd: here, stdio: "inherit" });
if (run.error) {
  console.error("buf is missing; run `make buf` in the repository's root.");
}
process.exit(run.status ?? 1);
