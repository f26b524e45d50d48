// The link between a browser and the server, which a test can cut and mend:
// everything passes through, pages and calls.

import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export class Link {
  readonly #open = new Set<() => void>();
  #isCut = false;

  private constructor(
    readonly url: string,
    readonly http: HttpServer,
  ) {}

  static async to(serverPort: number): Promise<Link> {
    const http = createServer().listen(0, "127.0.0.1");
    await once(http, "listening");
    const link = new Link(`http://localhost:${(http.address() as AddressInfo).port}`, http);
    http.on("request", (call, answer) => link.#pass(serverPort, call, answer));
    return link;
  }

  /** Ends all that is under way, and refuses what comes. */
  cut(): void {
    this.#isCut = true;
    for (const end of this.#open) end();
  }

  mend(): void {
    this.#isCut = false;
  }

  async remove(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, "close");
  }

  #pass(port: number, call: IncomingMessage, answer: ServerResponse): void {
    if (this.#isCut) return void call.socket.destroy();
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
