import { ERRORS, LogctlError } from "../errors.ts";
import { MAX_BODY_BYTES } from "../schema/limits.ts";
import type { Scope } from "../schema/token.ts";
import { createSteadyClock } from "../steady-clock.ts";
import type { Store } from "../store/store.ts";
import { checkHost, checkOrigin, checkSite } from "./access/check-host.ts";
import { ANYONE, createIdentify } from "./access/identify.ts";
import { createTokenAccounts } from "./access/token-accounts.ts";
import type { Connections } from "./connections.ts";
import { answerError, unforeseen } from "./http/answer.ts";
import type { Asked } from "./http/asked.ts";
import { refuseSecrets } from "./http/read-parameters.ts";
import { createBodyBudget } from "./ingest/body-budget.ts";
import { createIngest } from "./ingest/ingest.ts";
import { discardBody } from "./ingest/read-body.ts";
import { createThreadShare } from "./ingest/share-thread.ts";
import { createTurns } from "./ingest/turns.ts";
import type { ProcessUsage } from "./metrics/answer-metrics.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { createOpenStreams, type OpenStreams } from "./read/open-streams.ts";
import { createTail } from "./read/tail.ts";
import { findRoute, HINT, METHODS_OF, routePathOf } from "./routes.ts";

/** What a sender on a slow line needs for a batch, and a slow one on purpose must not have more of. */
export const BODY_TIMEOUT_MS = 60_000;

/** The same for a body that nobody wants. */
const REFUSED_BODY_TIMEOUT_MS = 10_000;

export type App = (request: Request) => Promise<Response>;

export type AppOptions = {
  store: Store;
  /** Whether only this machine can reach it: then `Host` is checked, and demo tokens serve until one is made. */
  loopback: boolean;
  version: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** How soon a clock that has jumped ahead is believed when it says what has expired; by default after an hour. */
  clockBelievedAfterMs?: number;
  /** Once aborted, streams that have no end of their own are ended. */
  stopping?: AbortSignal;
  /** Filled with the requests of such streams while they are open. */
  tails?: Set<Request>;
  /** Answers that go on at their readers' pace. */
  streams?: OpenStreams;
  connections?: Connections;
  /** How long the body of a request may take to arrive. */
  bodyTimeoutMs?: number;
  /** What the process takes of the machine, for `/metrics`. */
  usage?: () => ProcessUsage;
  /** Told of what was not foreseen, whole. */
  onFailure: (error: unknown) => void;
  /** Told of each request once it is answered, or has begun to be. */
  onAnswer?: (answered: Answered) => void;
};

/** `route` is the path of one of `ROUTES`, or `other`: never what somebody made up. */
export type Answered = { method: string; route: string; status: number; ms: number };

/** What all bodies that are read at one time may come to. */
const MAX_BODIES_BYTES = 256 * 1024 * 1024;

/** Those that are counted by name. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]);

/** The collector as one function: every request gets an answer, whatever it holds. */
export function createApp(options: AppOptions): App {
  const { store, loopback, version, now, clockBelievedAfterMs, stopping, tails = new Set<Request>() } = options;
  const { usage, onFailure, onAnswer, connections, streams = createOpenStreams(() => performance.now()) } = options;
  const limits = { maxBytes: MAX_BODY_BYTES, timeoutMs: options.bodyTimeoutMs ?? BODY_TIMEOUT_MS };
  const refusedLimits = { ...limits, timeoutMs: Math.min(limits.timeoutMs, REFUSED_BODY_TIMEOUT_MS) };
  const metrics = createMetrics();
  const bodies = createBodyBudget(MAX_BODIES_BYTES);
  // What it says at the start is believed: a token that has expired while the collector was off must not be good again.
  const clock = createSteadyClock({ now, believedAfterMs: clockBelievedAfterMs });
  const identify = createIdentify({ tokens: store.tokens, demo: loopback, now: clock.timeMs });
  const accounts = createTokenAccounts({ noteUse: store.noteUse, now: clock.timeMs });
  const turns = createTurns(() => performance.now());
  const ingest = createIngest({ store, accounts, turns, thread: createThreadShare(), metrics, limits, bodies });
  const tail = createTail({ store, onFailure, tails, ...(stopping && { stopping }) });

  const parts = { store, version, now, ingest, tail, metrics, bodies, tails, streams, connections, usage };

  function letIn(request: Request, scope: Scope | undefined): Pick<Asked, "identity" | "check"> {
    if (scope === undefined) return { identity: ANYONE, check: () => {} };
    const authorization = request.headers.get("authorization");
    const identity = identify(authorization, scope);
    accounts.used(identity);
    turns.seen(identity.id);
    return { identity, check: () => void identify(authorization, scope) };
  }

  async function route(request: Request, { path, queryString, routePath }: Target): Promise<Response> {
    if (loopback) checkHost(request.headers.get("host"));
    if (loopback) checkOrigin(request.headers.get("origin"));
    checkSite(request.headers.get("sec-fetch-site"));
    const found = findRoute(request.method, routePath);
    if (found === undefined) return refuseRoute(request.method, path, routePath);
    refuseSecrets(queryString);
    if (found.evenWhenFull !== true) connections?.check();
    return found.answer({ request, path, queryString, ...letIn(request, found.scope) }, parts);
  }

  /** Whether the connection can be kept, and its next request be looked for, behind an answer that refuses this one. */
  async function isReadOrCheap(request: Request, { status }: Response): Promise<boolean> {
    if (status === ERRORS.request_timeout.status) return false;
    // Who has a token is answered at once, and takes the rest of the body for lost.
    if (status === ERRORS.body_too_large.status || status === ERRORS.rate_limited.status) return true;
    return request.bodyUsed || request.body === null || discardBody(request, refusedLimits);
  }

  return async (request) => {
    const startedAt = performance.now();
    const target = readTarget(request.url);
    let response: Response;
    try {
      response = await route(request, target);
    } catch (error) {
      if (!(error instanceof LogctlError)) onFailure(error);
      else if (error.code === "internal" || error.code === "store_unavailable") onFailure(error);
      const refusal = error instanceof LogctlError ? error : unforeseen(error);
      metrics.refused(refusal.code);
      response = answerError(refusal);
    }
    const method = METHODS.has(request.method) ? request.method : "other";
    const { routePath } = target;
    metrics.answered(routePath, method, response.status);
    onAnswer?.({ method, route: routePath, status: response.status, ms: performance.now() - startedAt });
    if (connections?.isFull() || (response.status >= 400 && !(await isReadOrCheap(request, response)))) {
      response.headers.set("connection", "close");
    }
    if (request.method !== "HEAD") return response;
    await response.body?.cancel();
    return new Response(null, response);
  };
}

function refuseRoute(method: string, path: string, routePath: string): Response {
  const methods = METHODS_OF.get(routePath);
  if (methods === undefined) throw new LogctlError("not_found", `there is nothing at ${path}: ${HINT}`);
  const response = answerError(new LogctlError("method_not_allowed", `${path} knows ${methods.join(", ")}, not ${method}`));
  response.headers.set("allow", methods.join(", "));
  return response;
}

/** The parts of a request's address; `routePath` is the path of its route, or `other`. */
type Target = { path: string; queryString: string; routePath: string };

/** Not by `new URL`, which throws where an HTTP/1.0 client sent no Host. */
function readTarget(url: string): Target {
  // Where there was no Host there is no authority, and a `://` is part of what was asked.
  const authority = url.startsWith("/") ? -1 : url.indexOf("://");
  const start = authority < 0 ? 0 : url.indexOf("/", authority + 3);
  const target = start < 0 ? "/" : url.slice(start);
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  const queryString = question < 0 ? "" : target.slice(question + 1).replace(/#.*$/s, "");
  const trimmed = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  return { path: trimmed, queryString, routePath: routePathOf(trimmed) };
}
