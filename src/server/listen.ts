import { LogctlError } from "../errors.ts";
import { MAX_BODY_BYTES } from "../schema/limits.ts";
import { answerError, unforeseen } from "./answer.ts";
import { collectWhenIdle } from "./collect-when-idle.ts";
import type { App } from "./create-app.ts";

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
  onFailure: (error: unknown) => void;
};

/** Seconds without a byte after which a connection is closed. */
const IDLE_TIMEOUT_S = 120;
/** The same for a tail once the collector stops: its reader may take what is on the way, but not stand still. */
const TAIL_IDLE_TIMEOUT_S = 1;

/** Serves the app over HTTP, or HTTPS. Throws `address_unusable` where the address is taken or not ours. */
export function listen({ app, hostname, port, tls, tails, onFailure }: ListenOptions): Listener {
  const idle = collectWhenIdle();
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
      fetch(request, self) {
        idle.served();
        // A person may page through an answer for as long as they like.
        if (request.method === "GET") self.timeout(request, 0);
        return app(request);
      },
      error(error) {
        onFailure(error);
        return answerError(unforeseen(error));
      },
    });
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return {
      url: `${tls === undefined ? "http" : "https"}://${host}:${server.port}`,
      async stop(graceMs) {
        const timer = setTimeout(() => server.stop(true), graceMs);
        for (const request of tails ?? []) server.timeout(request, TAIL_IDLE_TIMEOUT_S);
        await server.stop(false);
        clearTimeout(timer);
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
