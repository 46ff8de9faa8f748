import { LogctlError } from "../errors.ts";
import { collectWhenIdle } from "../memory/collect-when-idle.ts";
import { MAX_BODY_BYTES } from "../schema/limits.ts";
import type { Connections } from "./connections.ts";
import type { App } from "./create-app.ts";
import { answerError, unforeseen } from "./http/answer.ts";
import type { OpenStreams } from "./read/open-streams.ts";
import { FIELD_PATH } from "./read/stats.ts";

export type Listener = {
  /** The address to reach it at, with the port that was really taken. */
  url: string;
  /** Takes no new requests, and resolves when those under way are answered, or are cut off after `graceMs`. */
  stop(graceMs: number): Promise<void>;
};

export type TlsFiles = { cert: string; key: string };

export type ListenOptions = {
  app: App;
  hostname: string;
  /** 0 for any that is free. */
  port: number;
  /** A certificate and its key as PEM, for HTTPS. */
  tls?: TlsFiles;
  /** Requests whose readers are not waited for when it stops. */
  tails?: ReadonlySet<Request>;
  /** Answers that go on at their readers' pace. */
  streams?: OpenStreams;
  connections?: Connections;
  onFailure: (error: unknown) => void;
};

/** Seconds without a byte after which a connection is closed. */
const IDLE_TIMEOUT_S = 120;
/** The same for an answer that waits for its reader, and a tail, whose heartbeats come more often. */
const READER_TIMEOUT_S = 60;
/** How often streams are looked at whether they may go on, and connections whether there are too many. */
const LOOK_EVERY_MS = 1000;
/** The same for a tail once the collector stops: its reader may take what is on the way, but not stand still. */
const TAIL_IDLE_TIMEOUT_S = 1;

/** Serves the app over HTTP, or HTTPS. Throws `address_unusable` where the address is taken or not ours. */
export function listen({ app, hostname, port, tls, tails, streams, connections, onFailure }: ListenOptions): Listener {
  const idle = collectWhenIdle();
  /** The search may take its time; then the reader has some to take the answer. Streams have a watch of their own. */
  async function answerGet(request: Request, server: Bun.Server<undefined>): Promise<Response> {
    server.timeout(request, 0);
    const response = await app(request);
    if (streams?.has(request) !== true) server.timeout(request, READER_TIMEOUT_S);
    return response;
  }

  function serve(request: Request, server: Bun.Server<undefined>): Promise<Response> {
    idle.served();
    return request.method === "GET" ? answerGet(request, server) : app(request);
  }

  try {
    const server = Bun.serve({
      hostname,
      port,
      ...(tls && { tls }),
      development: false,
      // Without development mode Bun shares a port that is taken, and half of the requests would go to another collector.
      reusePort: false,
      idleTimeout: IDLE_TIMEOUT_S,
      // Ours is counted by the app, which says so in words; Bun's own answer is empty.
      maxRequestBodySize: 2 * MAX_BODY_BYTES,
      // Only the router knows the path as it was sent: in `request.url` dot segments are resolved, and another path is asked for.
      routes: {
        [`${FIELD_PATH}:name`]: (request: Bun.BunRequest<"/:name">, self: Bun.Server<undefined>) =>
          /^\.\.?$/.test(request.params.name) ? refuseDots(request.params.name) : serve(request, self),
      },
      fetch: serve,
      error(error) {
        onFailure(error);
        return answerError(unforeseen(error));
      },
    });
    const looking = setInterval(() => {
      streams?.look();
      // Those of clients that wait for nothing.
      if (connections?.look() === true) server.closeIdleConnections();
    }, LOOK_EVERY_MS);
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return {
      url: `${tls === undefined ? "http" : "https"}://${host}:${server.port}`,
      async stop(graceMs) {
        const timer = setTimeout(() => server.stop(true), graceMs);
        for (const request of tails ?? []) server.timeout(request, TAIL_IDLE_TIMEOUT_S);
        await server.stop(false);
        clearTimeout(timer);
        clearInterval(looking);
        idle.stop();
      },
    };
  } catch (error) {
    idle.stop();
    const { code, message } = error as NodeJS.ErrnoException;
    const hint = code === "EADDRINUSE" ? "is another collector running? choose another by --port" : message;
    throw new LogctlError("address_unusable", `cannot listen at ${hostname}:${port}: ${hint}`, { cause: error });
  }
}

function refuseDots(name: string): Response {
  const message = `a field '${name}' cannot be asked for by its path, of which HTTP takes it for a step`;
  return answerError(new LogctlError("invalid_parameter", `${message}; count by it: /logs/stats?by=`, { field: "name" }));
}
