// The real server, with the web client in it, on a port and a folder of its own.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../../../..");
const BUILT = resolve(ROOT, process.env["CARGO_TARGET_DIR"] ?? "target", process.env["CARGO_PROFILE"] ?? "debug");
const BINARY = process.env["CAUSERIE_BIN"] ?? join(BUILT, "causerie");

/** Lines of the server's log that are kept for who has to find out why something failed. */
const LOG_LINES = 60;

/** Options of the server, by their names in the environment. */
export type Environment = Readonly<Record<string, string>>;

export class Server {
  readonly #log: string[] = [];
  readonly #data = mkdtempSync(join(tmpdir(), "causerie-e2e-"));
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly env: Environment,
  ) {}

  static async start(env: Environment = {}): Promise<Server> {
    const server = new Server(await freePort(), env);
    await server.start();
    return server;
  }

  /** `localhost` is a secure context, so that locks and clipboard are there. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** The end of its log. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** Ends when the server answers. */
  async start(): Promise<void> {
    const child = spawn(BINARY, [], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        CAUSERIE_SERVER__LISTEN: `127.0.0.1:${this.port}`,
        CAUSERIE_SERVER__DATA: this.#data,
        CAUSERIE_SERVER__STOP_WITHIN_MS: "500",
        CAUSERIE_AUTH__REGISTRATIONS_PER_MINUTE: "0",
        CAUSERIE_AUTH__FAILED_LOGINS_BEFORE_DELAY: "0",
        CAUSERIE_AUTH__FAILED_LOGINS_PER_ADDRESS_PER_MINUTE: "0",
        CAUSERIE_AUTH__FAILED_LOGINS_PER_NAME_PER_HOUR: "0",
        CAUSERIE_AUTH__ARGON2_MEMORY_KIB: "64",
        CAUSERIE_AUTH__ARGON2_PASSES: "1",
        CAUSERIE_CHAT__MESSAGES_PER_SECOND: "0",
        CAUSERIE_CHAT__CALLS_PER_SECOND: "0",
        CAUSERIE_PRESENCE__GRACE_MS: "300",
        CAUSERIE_PRESENCE__MERGE_MS: "100",
        CAUSERIE_STREAM__HEARTBEAT_MS: "10000",
        ...this.env,
      },
    });
    this.#process = child;
    createInterface({ input: child.stderr! }).on("line", (line) => {
      this.#log.push(line);
      if (this.#log.length > LOG_LINES) this.#log.shift();
    });
    const lines = createInterface({ input: child.stdout! });
    await new Promise<void>((ready, failed) => {
      lines.on("line", (line) => line.includes("http://") && ready());
      child.on("error", (error) => failed(new Error(`${BINARY} cannot be started (make builds it): ${error.message}`)));
      child.on("exit", (code, signal) => failed(new Error(`the server ended with ${code ?? signal}:\n${this.log}`)));
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Copies all that is stored, while the server is stopped; what it returns puts it back, with an epoch of its own. */
  backup(): () => void {
    const copy = mkdtempSync(join(tmpdir(), "causerie-backup-"));
    cpSync(this.#data, copy, { recursive: true });
    return () => {
      rmSync(this.#data, { recursive: true });
      cpSync(copy, this.#data, { recursive: true });
      rmSync(copy, { recursive: true });
      // What restoring a backup comes with, whether the server sees it itself or is told.
      this.#write('\ndatabase.execute("update store set epoch = randomblob(16)")\ndatabase.execute("update rooms set log_id = random()")', "", {});
    };
  }

  /** Has messages up to a position been posted at another time: no one can wait for months to go by. */
  backdate(roomId: string, upTo: number, at: Date): void {
    this.#write(
      `
rows = database.execute("update messages set posted_us = ? where room_id = ? and seq <= ?", (it["at"] * 1000, room, it["upTo"]))
assert rows.rowcount == it["upTo"], rows.rowcount`,
      roomId,
      { at: at.getTime(), upTo },
    );
  }

  /** Has someone written very much in a room, more than one could wait for. It counts as indexed, so that nothing else is at work. */
  lengthen(roomId: string, senderId: string, texts: readonly string[]): void {
    this.#write(
      `
head, = database.execute("select head_seq from rooms where id = ?", (room,)).fetchone()
database.executemany(
    "insert into messages (room_id, seq, sender_id, kind, client_message_id, body, posted_us) values (?, ?, ?, 1, ?, ?, ?)",
    ((room, seq, bytes.fromhex(it["sender"]), str(seq).encode(), text, it["at"] * 1000 + seq) for seq, text in enumerate(it["texts"], head + 1)))
head += len(it["texts"])
database.execute("update rooms set head_seq = ? where id = ?", (head, room))
database.execute("insert or replace into search_positions (room_id, indexed_seq) values (?, ?)", (room, head))`,
      roomId,
      { sender: senderId.replaceAll("-", ""), texts, at: Date.now() },
    );
  }

  #write(script: string, roomId: string, it: object): void {
    const begin = `
import json, sqlite3, sys
it, room = json.load(sys.stdin), bytes.fromhex(sys.argv[2])
database = sqlite3.connect(sys.argv[1], timeout=30)`;
    const args = ["-c", `${begin}${script}\ndatabase.commit()`, join(this.#data, "causerie.db"), roomId.replaceAll("-", "")];
    execFileSync("python3", args, { input: JSON.stringify(it) });
  }

  async remove(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.#data, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (!address || typeof address === "string") throw new Error("no port");
  return address.port;
}
