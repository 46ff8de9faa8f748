import { connect } from "node:net";

export type RawOptions = {
  /** Sent once something of an answer has come: the collector closes a connection on which requests overtake answers. */
  next?: string;
  /** Ends our side of the connection behind the bytes. */
  halfClose?: boolean;
  /** Sent again and again, each after so long, until the connection is closed. */
  trickle?: { text: string; everyMs: number };
  /** Fails where the connection is open for longer. */
  withinMs?: number;
};

export type RawAnswer = {
  /** The status of each answer that came, in order. */
  statuses: number[];
  text: string;
  /** After how long the connection was closed. */
  closedAfterMs: number;
};

/** Sends these bytes to the collector as they are, and reads until the connection is closed. */
export function sendRaw(url: string, bytes: string | Uint8Array, options: RawOptions = {}): Promise<RawAnswer> {
  const { next, halfClose = false, trickle, withinMs = 10_000 } = options;
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const startMs = performance.now();
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let text = "";
  const trickling = trickle && setInterval(() => socket.write(trickle.text), trickle.everyMs);
  const limit = setTimeout(() => {
    reject(new Error(`the connection is still open after ${withinMs} ms; so far came: ${text.slice(0, 500)}`));
    socket.destroy();
  }, withinMs);
  socket.on("data", (chunk) => {
    if (text === "" && next !== undefined) socket.write(next);
    text += chunk.toString("latin1");
  });
  // A connection that is cut off is closed too.
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.on("close", () => {
    clearInterval(trickling);
    clearTimeout(limit);
    const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
    resolve({ statuses, text, closedAfterMs: performance.now() - startMs });
  });
  socket.write(bytes);
  if (halfClose) socket.end();
  return promise;
}
