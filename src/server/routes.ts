import { DIALECTS } from "../dialects/all-dialects.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { LogctlError } from "../errors.ts";
import type { Scope } from "../schema/token.ts";
import type { Store } from "../store/store.ts";
import type { Identity } from "./access/identify.ts";
import type { Connections } from "./connections.ts";
import { answerJson } from "./http/answer.ts";
import type { Asked } from "./http/asked.ts";
import { answerMetrics, type ProcessUsage } from "./metrics/answer-metrics.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { OpenStreams } from "./read/open-streams.ts";
import { searchLogs } from "./read/search.ts";
import { answerFields, answerStats, answerValues, FIELD_PATH } from "./read/stats.ts";
import type { Tail } from "./read/tail.ts";

/** What routes answer from. */
export type RouteParts = {
  store: Store;
  version: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  ingest: (dialect: Dialect, request: Request, identity: Identity) => Promise<Response>;
  tail: Tail;
  metrics: Metrics;
  bodies: { bytes(): number };
  tails: ReadonlySet<Request>;
  streams: OpenStreams;
  connections: Connections | undefined;
  usage: (() => ProcessUsage) | undefined;
};

export type Route = {
  methods: readonly string[];
  /** With `<name>` at its end: every path that begins with what is before it. */
  path: string;
  /** What a token must be allowed; absent where anybody may ask. */
  scope?: Scope;
  /** Whether it is answered also where there are too many connections. */
  evenWhenFull?: true;
  answer: (asked: Asked, parts: RouteParts) => Response | Promise<Response>;
};

const READ = ["GET", "HEAD"];

/** Every route there is. */
export const ROUTES: readonly Route[] = [
  { methods: READ, path: "/", evenWhenFull: true, answer: welcome },
  { methods: READ, path: "/health", evenWhenFull: true, answer: answerHealth },
  { methods: READ, path: "/metrics", scope: "read", evenWhenFull: true, answer: answerAllMetrics },
  { methods: READ, path: "/logs", scope: "read", answer: (asked, parts) => searchLogs(parts, asked) },
  ...DIALECTS.flatMap(routesOf),
  { methods: READ, path: "/logs/stats", scope: "read", answer: (asked, { store }) => answerStats(store, asked) },
  { methods: READ, path: "/logs/fields", scope: "read", answer: (asked, { store }) => answerFields(store, asked) },
  { methods: READ, path: `${FIELD_PATH}<name>`, scope: "read", answer: (asked, { store }) => answerValues(store, asked) },
  { methods: READ, path: "/logs/tail", scope: "read", answer: (asked, { tail }) => tail(asked) },
];

function routesOf(dialect: Dialect): Route[] {
  const answer: Route["answer"] = ({ request, identity }, { ingest }) => ingest(dialect, request, identity);
  return dialect.routes.map(({ methods, path }) => ({ methods, path, scope: "ingest", answer }));
}

export const HINT =
  "POST log records to /logs, read them at GET /logs?service=payments&severity=ERROR, count them at GET /logs/stats";

/** The methods that each path takes. */
export const METHODS_OF: ReadonlyMap<string, readonly string[]> = new Map(
  ROUTES.map(({ path }) => [path, ROUTES.filter((route) => route.path === path).flatMap(({ methods }) => methods)]),
);

/** The path of a route that fits a path as it was sent; `other` where none does. */
export function routePathOf(path: string): string {
  const known = path.startsWith(FIELD_PATH) ? `${FIELD_PATH}<name>` : path;
  return METHODS_OF.has(known) ? known : "other";
}

const byMethodAndPath = new Map(ROUTES.flatMap((route) => route.methods.map((method) => [`${method} ${route.path}`, route])));

/** The route of a method and the path of a route; undefined where there is none. */
export function findRoute(method: string, routePath: string): Route | undefined {
  return byMethodAndPath.get(`${method} ${routePath}`);
}

function welcome(_: Asked, { now, version }: RouteParts): Response {
  return answerJson({ ok: true, hint: HINT, time: new Date(now()).toISOString(), version });
}

function answerHealth(_: Asked, { store, now, version }: RouteParts): Response {
  const reasons = store.troubles().map(({ code, message }) => ({ code, message }));
  const damaged = store.damaged().length;
  const facts = {
    service: "logctl",
    time: new Date(now()).toISOString(),
    version,
    ...(damaged > 0 && { damaged_blocks: damaged }),
  };
  if (reasons.length === 0) return answerJson({ status: "ok", ...facts });
  return answerJson({ status: "unavailable", ...facts, reasons }, 503);
}

/** The figures are those of all services and tokens, which is more than a token that is bound to one may know. */
function answerAllMetrics({ identity: { id, reads } }: Asked, { tails, ...parts }: RouteParts): Response {
  if (reads !== undefined && id >= 0) {
    throw new LogctlError("forbidden", `this token reads the logs of '${reads}' only; /metrics is for tokens of all services`);
  }
  return answerMetrics({ ...parts, tails: () => tails.size });
}
