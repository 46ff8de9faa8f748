import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { ANY_SERVICE } from "../../src/schema/token.ts";
import { openForWriting } from "../../src/store/blocks/file/database.ts";
import { createToken } from "../../src/store/blocks/file/tokens.ts";
import { openTestApp, PAYMENTS, type TestApp } from "../support/app.ts";
import { parsePrometheus } from "../support/prometheus.ts";

/** Every sample, by its name and its labels' values. */
async function metricsOf(app: TestApp, headers?: Record<string, string>): Promise<Record<string, number>> {
  const response = await app.get("/metrics", headers);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  const samples = [...parsePrometheus(await response.text()).values()].flatMap((family) => family.samples);
  return Object.fromEntries(samples.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(" "), value]));
}

describe("GET /metrics", () => {
  test("counts what was accepted, refused and sent again, by reason and by token", async () => {
    await using app = await openTestApp();
    const body = '[{"message":"a"},{"message":""},{"message":"b"},{"service":"payments","message":"c"}]';
    await app.post(body, { "idempotency-key": "k" });
    await app.post(body, { "idempotency-key": "k" });
    const packed = gzipSync('{"message":"d"}');
    await app.post(packed, { "content-encoding": "gzip", authorization: `Token ${PAYMENTS}` });
    await app.post("", {});
    await app.post("{}", { authorization: "Token unknown" });
    const metrics = await metricsOf(app);
    expect(metrics).toMatchObject({
      logctl_records_accepted_total: 3,
      logctl_records_duplicate_total: 2,
      "logctl_records_refused_total missing_message": 1,
      "logctl_records_refused_total service_mismatch": 1,
      logctl_request_bytes_total: 2 * body.length + packed.length,
      "logctl_requests_refused_total empty_body": 1,
      "logctl_requests_refused_total unauthorized": 1,
      "logctl_token_records_accepted_total demo reports": 2,
      "logctl_token_records_refused_total demo reports": 2,
      "logctl_token_request_bytes_total demo reports": 2 * body.length,
      "logctl_token_records_accepted_total demo payments": 1,
    });
  });

  test("counts requests by route, never by what somebody made up", async () => {
    await using app = await openTestApp();
    for (const path of ["/logs", "/logs/fields/a", "/logs/fields/b", "/made/up", "/__proto__"]) await app.get(path);
    await app.fetch(new Request("http://localhost/logs", { method: "PROPFIND" }));
    expect(await metricsOf(app)).toMatchObject({
      "logctl_http_requests_total /logs GET 200": 1,
      "logctl_http_requests_total /logs/fields/<name> GET 200": 2,
      "logctl_http_requests_total other GET 404": 2,
      "logctl_http_requests_total /logs other 405": 1,
    });
  });

  test("says what there is: records, blocks, files, room, commits", async () => {
    await using app = await openTestApp();
    for (let i = 0; i < 3; i += 1) await app.post('{"message":"a"}');
    const metrics = await metricsOf(app);
    expect(metrics).toMatchObject({
      logctl_healthy: 1,
      "logctl_build_info 1.2.3": 1,
      logctl_stored_records: 3,
      "logctl_blocks dense": 0,
      logctl_commit_seconds_count: 3,
      "logctl_commit_seconds_bucket +Inf": 3,
      logctl_queue_bytes: 0,
      logctl_queue_records: 0,
      logctl_body_bytes: 0,
      logctl_tails: 0,
      logctl_reads_waiting: 0,
      "logctl_reads pages": 0,
    });
    expect(metrics["logctl_blocks plain"]).toBeGreaterThan(0);
    expect(metrics["logctl_wal_bytes"]).toBeGreaterThan(4096);
    expect(metrics["logctl_disk_free_bytes"]).toBeGreaterThan(1_000_000);
    expect(metrics["logctl_commit_seconds_sum"]).toBeGreaterThan(0);
  });

  test("is for who may read, and names tokens by their names", async () => {
    const secrets: string[] = [];
    const prepare = (path: string) => {
      const database = openForWriting(path);
      for (const scope of ["ingest", "read"] as const) {
        const token = { name: `"${scope}"\\`, service: "web", scopes: [scope], expiresAt: null };
        secrets.push(`Token ${createToken(database, token, 1)}`);
      }
      const all = { name: "all", service: ANY_SERVICE, scopes: ["read" as const], expiresAt: null };
      secrets.push(`Token ${createToken(database, all, 1)}`);
      database.close();
    };
    await using app = await openTestApp({ prepare });
    const [writer, bound, reader] = secrets as [string, string, string];
    expect((await app.get("/metrics", { authorization: bound })).status).toBe(403);
    const tail = await (await app.get("/logs/tail?after=999999", { authorization: bound })).text();
    expect(tail).toContain("there is no record 999999 yet; is this");
    expect((await app.post('{"message":"a"}', { authorization: writer })).status).toBe(200);
    expect((await app.get("/metrics")).status).toBe(401);
    expect((await app.get("/metrics", { authorization: writer })).status).toBe(403);
    const metrics = await metricsOf(app, { authorization: reader });
    expect(metrics['logctl_token_records_accepted_total "ingest"\\']).toBe(1);
    const text = await (await app.get("/metrics", { authorization: reader })).text();
    for (const secret of secrets) expect(text).not.toContain(secret.slice(6));
  });
});
