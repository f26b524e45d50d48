// Serves the built client as the server binary does: files, else index.html,
// under the policy; API calls go through to the server.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

import { POLICY } from "./policy";

const DIST = join(import.meta.dirname, "../../dist");
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

export class Pages {
  /** A link that is down: every call fails. */
  cut = false;
  readonly #open = new Set<() => void>();

  private constructor(
    readonly port: number,
    readonly http: HttpServer,
  ) {}

  static async start(apiPort: number): Promise<Pages> {
    let pages: Pages | undefined;
    const http = createServer((call, answer) => void pages?.serve(apiPort, call, answer)).listen(0, "127.0.0.1");
    await once(http, "listening");
    const address = http.address();
    if (!address || typeof address === "string") throw new Error("no port");
    return (pages = new Pages(address.port, http));
  }

  /** `localhost` is a secure context, so that locks and clipboard are there. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Ends all that is under way, and refuses what comes. */
  cutLink(): void {
    this.cut = true;
    for (const end of this.#open) end();
  }

  mendLink(): void {
    this.cut = false;
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, "close");
  }

  async serve(apiPort: number, call: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = new URL(call.url ?? "/", "http://localhost").pathname;
    if (path.startsWith("/causerie.v1.") || path.startsWith("/files/")) return this.#pass(apiPort, call, answer);
    const file = join(DIST, normalize(path));
    const found = extname(path) ? await readFile(file).catch(() => undefined) : undefined;
    // A question in an address may look like a file's name; only assets are surely files.
    if (!found && path.startsWith("/assets/")) return void answer.writeHead(404).end();
    answer.setHeader("content-type", TYPES[found ? extname(path) : ".html"] ?? "application/octet-stream");
    // The names of assets change with what is in them.
    const forever = found && path.startsWith("/assets/");
    answer.setHeader("cache-control", forever ? "public, max-age=31536000, immutable" : found ? "public, max-age=3600" : "no-cache");
    answer.setHeader("content-security-policy", POLICY);
    answer.setHeader("x-content-type-options", "nosniff");
    answer.end(found ?? (await readFile(join(DIST, "index.html"))));
  }

  #pass(port: number, call: IncomingMessage, answer: ServerResponse): void {
    if (this.cut) return void call.socket.destroy();
    const onward = request({ host: "127.0.0.1", port, path: call.url, method: call.method, headers: call.headers });
    const end = () => (onward.destroy(), call.socket.destroy());
    this.#open.add(end);
    onward.on("response", (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
      response.on("error", () => call.socket.destroy());
    });
    onward.on("error", () => call.socket.destroy());
    answer.on("close", () => (this.#open.delete(end), onward.destroy()));
    call.pipe(onward);
  }
}
