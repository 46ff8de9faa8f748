import { LogctlError } from "../../errors.ts";
import { type Filter, filterOf } from "../../query/filter.ts";
import { tailParametersSchema } from "../../schema/filter.ts";
import { parse } from "../../schema/parse.ts";
import type { Store } from "../../store/store.ts";
import type { Identity } from "../access/identify.ts";
import { answer, CONTENT_TYPES } from "../http/answer.ts";
import type { Asked } from "../http/asked.ts";
import { readParameters } from "../http/read-parameters.ts";
import { leaveWith } from "./leave-with.ts";
import { confine, queryOf } from "./read-filter.ts";
import { createTailSteps } from "./tail-steps.ts";
import { streamTail, type TailStreamOptions } from "./tail-stream.ts";

export type TailOptions = {
  store: Pick<Store, "search" | "newestId" | "onArrival">;
  stopping?: AbortSignal;
  /** Filled with the requests of the tails that are open. */
  tails?: Set<Request>;
  /** How long a tail may be silent; only tests have no 15 s for that. */
  heartbeatMs?: number;
  onFailure: (error: unknown) => void;
};

export type Tail = (asked: Asked) => Promise<Response>;

/** Where a tail starts: after an id, or with so many of the newest records. */
type Start = { afterId: number } | { last: number };

const TAIL_PARAMETERS = Object.keys(tailParametersSchema.shape);
const HEARTBEAT_MS = 15_000;

/** `GET /logs/tail`: what arrives, record by record, in the order of arrival, as server-sent events (WHATWG HTML, 9.2). */
export function createTail({ store, onFailure, stopping, tails, heartbeatMs = HEARTBEAT_MS }: TailOptions): Tail {
  const shared: Pick<TailStreamOptions, "store" | "readStep" | "stopping" | "heartbeatMs" | "onFailure"> = {
    store,
    readStep: createTailSteps(store),
    stopping: stopping ?? new AbortController().signal,
    heartbeatMs,
    onFailure,
  };
  return async ({ request, queryString, identity, check }) => {
    const parameters = parse(tailParametersSchema, readParameters(queryString, TAIL_PARAMETERS), "invalid_parameter");
    const filter = confine(filterOf(parameters, queryOf(parameters.q)), identity);
    const start = readStart(parameters, request.headers.get("last-event-id"));
    const afterId =
      "afterId" in start
        ? checkId(start.afterId, store.newestId(), identity)
        : await findStart(store, filter, start.last, request.signal);
    tails?.add(request);
    const stream = streamTail({ ...shared, filter, afterId, check, onEnd: () => tails?.delete(request) });
    // Behind a proxy that gathers answers, such as nginx, events would come late.
    return answer(stream, 200, CONTENT_TYPES.events, { "x-accel-buffering": "no" });
  };
}

/** A client that comes again says by the header how far it got; its address still has where it first began. */
function readStart(
  { after, last }: { after?: number | undefined; last?: number | undefined },
  lastEventId: string | null,
): Start {
  if (lastEventId !== null && lastEventId !== "") {
    if (/^\d{1,15}$/.test(lastEventId)) return { afterId: Number(lastEventId) };
    throw new LogctlError("invalid_parameter", `Last-Event-ID: '${lastEventId}' is not the id of a record`, {
      field: "Last-Event-ID",
    });
  }
  if (after !== undefined && last !== undefined) {
    throw new LogctlError("invalid_parameter", "last: cannot be used together with after", { field: "last" });
  }
  return after === undefined ? { last: last ?? 0 } : { afterId: after };
}

/** Else a tail of a file that was replaced would be silent until its ids had come as far. */
function checkId(afterId: number, newestId: number, { reads }: Identity): number {
  if (afterId <= newestId) return afterId;
  // How many records all services have is not for a token that reads one of them.
  const newest = reads === undefined ? `, the newest is ${newestId}` : "";
  const message = `after: there is no record ${afterId} yet${newest}; is this another database than before?`;
  throw new LogctlError("invalid_parameter", message, { field: "after" });
}

/** The id after which the newest `last` matching records come, and all that arrives from now on. */
async function findStart(store: TailOptions["store"], filter: Filter, last: number, signal: AbortSignal): Promise<number> {
  const newestId = store.newestId();
  if (last === 0) return newestId;
  let oldest: number | undefined;
  const page = { offset: 0, limit: last, format: "ndjson" } as const;
  const pieces = store.search({ filter, sort: "received_at", order: "desc", ...page });
  for await (const piece of leaveWith(signal, pieces)) {
    oldest = piece.last?.id ?? oldest;
  }
  return oldest === undefined ? newestId : oldest - 1;
}
