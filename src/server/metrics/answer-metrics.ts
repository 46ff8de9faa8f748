import { DEMO_TOKENS } from "../../schema/demo-tokens.ts";
import type { StoredToken } from "../../schema/token.ts";
import type { StoreMeasures } from "../../store/measures.ts";
import type { Store } from "../../store/store.ts";
import type { Connections } from "../connections.ts";
import { answer } from "../http/answer.ts";
import type { OpenStreams } from "../read/open-streams.ts";
import type { MetricCounts, Metrics, TokenCounts } from "./metrics.ts";
import { createPrometheusText, PROMETHEUS_TYPE, type PrometheusText, type Sample } from "./prometheus.ts";

/** What the process takes of the machine. */
export type ProcessUsage = { residentBytes: number; cpuSeconds: number; startedAtMs: number };

export type MetricsSources = {
  metrics: Metrics;
  store: Pick<Store, "measure" | "tokens" | "troubles">;
  bodies: { bytes(): number };
  streams: Pick<OpenStreams, "count" | "ended">;
  version: string;
  /** How many tails are open. */
  tails: () => number;
  connections: Connections | undefined;
  usage: (() => ProcessUsage) | undefined;
};

/** `GET /metrics`, in the Prometheus text format. */
export function answerMetrics({ metrics, store, bodies, streams, version, tails, connections, usage }: MetricsSources): Response {
  const text = createPrometheusText();
  const counts = metrics.counts();
  text.gauge("logctl_build_info", "Which logctl this is.", [[{ version }, 1]]);
  text.gauge(
    "logctl_healthy",
    "1 while records can be written and read, as /health says.",
    store.troubles().length === 0 ? 1 : 0,
  );
  putIngest(text, counts);
  putStore(text, store.measure());
  text.gauge("logctl_body_bytes", "Bodies of requests that are held at the moment.", bodies.bytes());
  text.gauge("logctl_streams", "Answers that go on at their readers' pace.", streams.count());
  text.counter("logctl_streams_ended_total", "Such answers that the collector broke off.", streams.ended());
  if (connections?.limit !== undefined) {
    connections.look();
    text.gauge("logctl_connections", "Connections that are open, as the open files of the process tell.", connections.count());
    text.gauge("logctl_connections_limit", "How many there may be.", connections.limit);
  }
  text.gauge("logctl_tails", "Live tails that are open.", tails());
  putTokens(text, counts.tokens, store.tokens());
  if (usage !== undefined) putProcess(text, usage());
  return answer(text.text(), 200, PROMETHEUS_TYPE);
}

function putIngest(text: PrometheusText, counts: MetricCounts): void {
  const { accepted, duplicates, bytes, refusedRecords, refusedRequests, requests } = counts;
  text.counter("logctl_records_accepted_total", "Records that were stored.", accepted);
  text.counter("logctl_records_refused_total", "Records that were refused, by error code.", labelled("reason", refusedRecords));
  text.counter("logctl_records_duplicate_total", "Records of retries that were stored before.", duplicates);
  text.counter("logctl_request_bytes_total", "Bodies of writes, as sent.", bytes);
  text.counter(
    "logctl_requests_refused_total",
    "Requests refused as a whole, by error code.",
    labelled("reason", refusedRequests),
  );
  const byRoute = [...requests].map(([key, count]): Sample => {
    const [route = "", method = "", status = ""] = key.split(" ");
    return [{ route, method, status }, count];
  });
  text.counter("logctl_http_requests_total", "Requests that were answered.", byRoute);
}

function putStore(text: PrometheusText, measures: StoreMeasures): void {
  const { queue, commitSeconds, blocks, reading, dropped, receiptsDropped } = measures;
  text.gauge("logctl_queue_bytes", "What waits for the disk.", queue.bytes);
  text.gauge("logctl_queue_records", "Records that wait for the disk.", queue.records);
  text.histogram("logctl_commit_seconds", "How long commits took, fsync included.", commitSeconds);
  text.gauge("logctl_stored_records", "Records there are.", measures.records);
  const kinds = Object.entries(blocks).map(([kind, count]): Sample => [{ kind }, count]);
  text.gauge("logctl_blocks", "Blocks there are, dense ones being those in their final form.", kinds);
  text.gauge("logctl_database_bytes", "The database without its WAL.", measures.databaseBytes);
  text.gauge("logctl_wal_bytes", "The WAL beside it.", measures.walBytes);
  text.gauge("logctl_disk_free_bytes", "What is free of the disk that the database is on.", measures.diskFreeBytes);
  text.counter("logctl_compactions_total", "Merges of blocks that were put in place.", measures.compactions);
  const reasons = Object.entries(dropped).map(([reason, count]): Sample => [{ reason }, count]);
  text.counter("logctl_records_dropped_total", "Records that were dropped by the limits of what is kept.", reasons);
  text.gauge("logctl_receipts", "Receipts of idempotency keys there are.", measures.receipts.receipts);
  text.gauge("logctl_receipt_bytes", "What the receipts take in the database.", measures.receipts.bytes);
  const forgotten = Object.entries(receiptsDropped).map(([reason, count]): Sample => [{ reason }, count]);
  text.counter("logctl_receipts_dropped_total", "Receipts that were dropped, since they were old, or too many.", forgotten);
  const { waiting, ...underWay } = reading;
  const reads = Object.entries(underWay).map(([kind, count]): Sample => [{ kind }, count]);
  text.gauge("logctl_reads", "Searches and counts under way.", reads);
  text.gauge("logctl_reads_waiting", "Searches and counts that wait for their turn.", waiting);
}

/** Tokens are named by their names: two of one name, of which one was revoked, are one here. */
function putTokens(text: PrometheusText, counts: ReadonlyMap<number, TokenCounts>, stored: StoredToken[]): void {
  const names = new Map(stored.map(({ id, name }) => [id, name]));
  for (const [index, service] of Object.keys(DEMO_TOKENS).entries()) names.set(-1 - index, `demo ${service}`);
  const byName = new Map<string, TokenCounts>();
  for (const [id, { accepted, refused, bytes }] of counts) {
    const name = names.get(id) ?? `token ${id}`;
    const sum = byName.get(name) ?? { accepted: 0, refused: 0, bytes: 0 };
    byName.set(name, { accepted: sum.accepted + accepted, refused: sum.refused + refused, bytes: sum.bytes + bytes });
  }
  const samples = (field: keyof TokenCounts) => [...byName].map(([token, sums]): Sample => [{ token }, sums[field]]);
  text.counter("logctl_token_records_accepted_total", "Records that were stored, by token.", samples("accepted"));
  text.counter("logctl_token_records_refused_total", "Records that were refused, by token.", samples("refused"));
  text.counter("logctl_token_request_bytes_total", "Bodies of writes, as sent, by token.", samples("bytes"));
}

function putProcess(text: PrometheusText, { residentBytes, cpuSeconds, startedAtMs }: ProcessUsage): void {
  text.gauge("process_resident_memory_bytes", "Memory of the process that is in use.", residentBytes);
  text.counter("process_cpu_seconds_total", "Time that the process has spent on the processors.", cpuSeconds);
  text.gauge("process_start_time_seconds", "When the process started, since the epoch.", startedAtMs / 1000);
}

function labelled(label: string, counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([text, count]) => [{ [label]: text }, count]);
}
