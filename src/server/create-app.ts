import { LogctlError } from "../errors.ts";
import type { Store } from "../store/open-store.ts";
import { answerError, answerJson, unforeseen } from "./answer.ts";
import { checkHost } from "./check-host.ts";
import { createIdentify } from "./identify.ts";
import { createIngest } from "./ingest.ts";
import { refuseSecrets } from "./read-parameters.ts";
import { searchLogs } from "./search.ts";
import { answerFields, answerStats, answerValues, FIELD_PATH } from "./stats.ts";
import { createTail } from "./tail.ts";

export type App = (request: Request) => Promise<Response>;

export type AppOptions = {
  store: Store;
  /** Whether only this machine can reach it: then `Host` is checked, and demo tokens serve until one is made. */
  loopback: boolean;
  version: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Once aborted, streams that have no end of their own are ended. */
  stopping?: AbortSignal;
  /** Filled with the requests of such streams while they are open. */
  tails?: Set<Request>;
  /** Told of what was not foreseen, whole. */
  onFailure: (error: unknown) => void;
};

/** Every path there is, and the methods it takes. */
export const ENDPOINTS: Record<string, readonly string[]> = {
  "/": ["GET", "HEAD"],
  "/health": ["GET", "HEAD"],
  "/logs": ["GET", "HEAD", "POST", "PUT"],
  "/logs/stats": ["GET", "HEAD"],
  "/logs/fields": ["GET", "HEAD"],
  [`${FIELD_PATH}<name>`]: ["GET", "HEAD"],
  "/logs/tail": ["GET", "HEAD"],
};

const HINT = "POST log records to /logs, read them at GET /logs?service=payments&severity=ERROR, count them at GET /logs/stats";

/** The collector as one function: every request gets an answer, whatever it holds. */
export function createApp({ store, loopback, version, now, stopping, tails, onFailure }: AppOptions): App {
  const identify = createIdentify({ tokens: store.tokens, demo: loopback, now });
  const ingest = createIngest(store);
  const tail = createTail({ store, onFailure, ...(stopping && { stopping }), ...(tails && { tails }) });

  async function route(request: Request): Promise<Response> {
    if (loopback) checkHost(request.headers.get("host"));
    const { path, queryString } = readTarget(request.url);
    const endpoint = path.startsWith(FIELD_PATH) ? `${FIELD_PATH}<name>` : path;
    const methods = Object.hasOwn(ENDPOINTS, endpoint) ? ENDPOINTS[endpoint] : undefined;
    if (methods === undefined) throw new LogctlError("not_found", `there is nothing at ${path}: ${HINT}`);
    if (!methods.includes(request.method)) return refuseMethod(request.method, path, methods);
    if (path === "/") return welcome();
    if (path === "/health") return health();
    refuseSecrets(queryString);
    const isWrite = request.method === "POST" || request.method === "PUT";
    const authorization = request.headers.get("authorization");
    const identity = identify(authorization, isWrite ? "ingest" : "read");
    if (isWrite) return ingest(request, identity);
    if (path === "/logs/stats") return answerStats(store, request, queryString, identity);
    if (path === "/logs/fields") return answerFields(store, request, queryString, identity);
    if (path !== endpoint) return answerValues(store, request, path, queryString, identity);
    if (path === "/logs/tail") return tail(request, queryString, identity, () => identify(authorization, "read"));
    return searchLogs(store, request, queryString, identity);
  }

  function welcome(): Response {
    return answerJson({ ok: true, hint: HINT, time: new Date(now()).toISOString(), version });
  }

  function health(): Response {
    const failure = store.failure();
    const damaged = store.damaged().length;
    const facts = {
      service: "logctl",
      time: new Date(now()).toISOString(),
      version,
      ...(damaged > 0 && { damaged_blocks: damaged }),
    };
    if (failure === undefined) return answerJson({ status: "ok", ...facts });
    return answerJson({ status: "unavailable", ...facts, reason: failure.message }, 503);
  }

  return async (request) => {
    let response: Response;
    try {
      response = await route(request);
    } catch (error) {
      if (!(error instanceof LogctlError)) onFailure(error);
      else if (error.code === "internal" || error.code === "store_unavailable") onFailure(error);
      response = answerError(error instanceof LogctlError ? error : unforeseen(error));
    }
    if (request.method !== "HEAD") return response;
    await response.body?.cancel();
    return new Response(null, response);
  };
}

function refuseMethod(method: string, path: string, methods: readonly string[]): Response {
  const response = answerError(new LogctlError("method_not_allowed", `${path} knows ${methods.join(", ")}, not ${method}`));
  response.headers.set("allow", methods.join(", "));
  return response;
}

/** The parts of a request's address. Not by `new URL`, which throws where an HTTP/1.0 client sent no Host. */
function readTarget(url: string): { path: string; queryString: string } {
  const authority = url.indexOf("://");
  const start = authority < 0 ? 0 : url.indexOf("/", authority + 3);
  const target = start < 0 ? "/" : url.slice(start);
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  const queryString = question < 0 ? "" : target.slice(question + 1).replace(/#.*$/s, "");
  return { path: path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path, queryString };
}
