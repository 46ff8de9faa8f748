import type { Socket } from "bun";
import { createAnswerReader, type HttpAnswer } from "./http-answer.ts";
import type { LoadRequest, RequestSource } from "./request-source.ts";

export type LoadResult = {
  records: number;
  seconds: number;
  /** CPU time of this process, which does nothing but post meanwhile. */
  clientCpuSeconds: number;
};

/** A server that answers nothing for so long has failed the run. */
const STALLED_MS = 60_000;

/**
 * Posts all requests over `connections` keep-alive connections, each sending its next as soon as the last is answered.
 * Written on raw sockets, since fetch would cost more CPU than some of the servers. Throws on the first answer that is
 * not a 200 that accepts every record.
 */
export async function runLoad(port: number, connections: number, source: RequestSource): Promise<LoadResult> {
  const finished = Promise.withResolvers<void>();
  // Awaited only once all are connected; until then a failure must not count as unhandled.
  finished.promise.catch(() => {});
  let taken = 0;
  let answered = 0;
  let records = 0;

  async function connect(): Promise<Socket> {
    const readRequest = source.openReader();
    let current: LoadRequest | undefined;
    let written = 0;

    function flush(socket: Socket): void {
      if (current === undefined || written >= current.bytes.length) return;
      written += Math.max(0, socket.write(written === 0 ? current.bytes : current.bytes.subarray(written)));
    }

    function sendNext(socket: Socket): void {
      current = taken < source.requests ? readRequest(taken) : undefined;
      taken += 1;
      written = 0;
      flush(socket);
    }

    function take(answer: HttpAnswer): void {
      if (current === undefined) throw new Error(`an answer to no request: ${answer.status} ${answer.body}`);
      checkAccepted(answer, current.records);
      records += current.records;
      answered += 1;
    }

    const read = createAnswerReader(take);
    return Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data(socket, chunk) {
          try {
            const before = answered;
            read(chunk);
            if (answered === source.requests) finished.resolve();
            else if (answered > before) sendNext(socket);
          } catch (error) {
            finished.reject(error);
          }
        },
        drain: flush,
        error: (_, error) => finished.reject(error),
        close: () => finished.reject(new Error("the server closed a connection")),
      },
    }).then((socket) => {
      start.push(() => sendNext(socket));
      return socket;
    });
  }

  const start: (() => void)[] = [];
  const sockets = await Promise.all(Array.from({ length: Math.min(connections, source.requests) }, connect));
  let lastAnswered = -1;
  const watch = setInterval(() => {
    if (answered === lastAnswered) finished.reject(new Error(`no answer within ${STALLED_MS / 1000} s`));
    lastAnswered = answered;
  }, STALLED_MS);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  try {
    for (const send of start) send();
    await finished.promise;
    const cpu = process.cpuUsage(cpuBefore);
    return {
      records,
      seconds: (performance.now() - startedAt) / 1000,
      clientCpuSeconds: (cpu.user + cpu.system) / 1e6,
    };
  } finally {
    clearInterval(watch);
    for (const socket of sockets) socket.end();
  }
}

function checkAccepted({ status, body }: HttpAnswer, records: number): void {
  const { accepted } = status === 200 ? (JSON.parse(body) as { accepted?: unknown }) : {};
  if (accepted !== records) throw new Error(`${records} records sent, answered ${status} ${body.slice(0, 500)}`);
}
