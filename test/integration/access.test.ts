import { describe, expect, test } from "bun:test";
import { openForWriting } from "../../src/store/blocks/file/database.ts";
import { createToken, listTokens, type NewToken, revokeToken, rotateToken } from "../../src/store/blocks/file/tokens.ts";
import { openTestApp, PAYMENTS, REPORTS, recordsOf, type TestApp } from "../support/app.ts";

const MESSAGE = '{"message":"m"}';

function changeTokens<Result>(path: string, change: (database: ReturnType<typeof openForWriting>) => Result): Result {
  const database = openForWriting(path);
  try {
    return change(database);
  } finally {
    database.close();
  }
}

function makeToken(path: string, token: Partial<NewToken>): string {
  const whole: NewToken = { name: "t", service: "payments", scopes: ["ingest"], expiresAt: null, ...token };
  return changeTokens(path, (database) => createToken(database, whole, Date.now()));
}

async function statuses(
  app: TestApp,
  authorization: Record<string, string>,
): Promise<{ write: number; read: number; count: number }> {
  const write = await app.post(MESSAGE, { authorization: "", ...authorization });
  const read = await app.get("/logs", authorization);
  const count = await app.get("/logs/stats", authorization);
  return { write: write.status, read: read.status, count: count.status };
}

const token = (value: string) => ({ authorization: `Token ${value}` });

describe("on loopback, before a token is made", () => {
  test("demo tokens write as their services, and reading needs none", async () => {
    await using app = await openTestApp();
    for (const demo of [REPORTS, PAYMENTS, "svc-chat-789"])
      expect(await statuses(app, token(demo))).toEqual({ write: 200, read: 200, count: 200 });
    expect((await app.get("/logs")).status).toBe(200);
    const services = (await recordsOf(app.get("/logs"))).map(({ service }) => service);
    expect(services).toEqual(["chat", "payments", "reports"]);
  });

  test("writing without a token, or with one nobody made, is answered 401", async () => {
    await using app = await openTestApp();
    for (const authorization of ["", "Token", "Token nope", "Digest x", "svc-reports-123", "Token svc-reports-123 x"]) {
      const response = await app.post(MESSAGE, { authorization });
      expect([authorization, response.status]).toEqual([authorization, 401]);
      expect(response.headers.get("www-authenticate")).toContain("Token");
    }
    expect((await app.get("/logs", token("nope"))).status).toBe(401);
    expect(await (await app.get("/logs/stats")).json()).toEqual({ count: 0 });
  });

  test.each([
    ["token svc-reports-123"],
    ["TOKEN   svc-reports-123 "],
    ["Bearer svc-reports-123"],
    [`Basic ${btoa("anyone:svc-reports-123")}`],
    [`Basic ${btoa(":svc-reports-123")}`],
  ])("the token is taken as %s", async (authorization) => {
    await using app = await openTestApp();
    expect((await app.post(MESSAGE, { authorization })).status).toBe(200);
  });

  test("a request that names another host is answered 403", async () => {
    await using app = await openTestApp();
    for (const host of ["localhost", "localhost:8000", "127.0.0.1:9", "127.1.2.3", "[::1]:8000", "LOCALHOST"]) {
      expect([host, (await app.get("/logs", { host })).status]).toEqual([host, 200]);
    }
    for (const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil.example, localhost",
      "10.0.0.1",
      "",
    ]) {
      const response = await app.get("/logs", { host });
      expect([host, response.status]).toEqual([host, 403]);
      expect(await response.json()).toMatchObject({ error: { code: "host_refused" } });
    }
  });
});

test("on loopback a web page of another site can neither write nor read, and none is told by CORS that it may", async () => {
  await using app = await openTestApp();
  for (const origin of ["https://evil.example", "null", "http://localhost.evil.example"]) {
    const answers = [
      await app.post(MESSAGE, { origin }),
      await app.get("/logs", { origin }),
      await app.get("/health", { origin }),
    ];
    expect([origin, answers.map(({ status }) => status)]).toEqual([origin, [403, 403, 403]]);
    expect(await answers[0]?.json()).toMatchObject({ error: { code: "origin_refused" } });
  }
  const own = await app.get("/logs", { origin: "http://localhost:3000" });
  expect([own.status, own.headers.get("access-control-allow-origin")]).toEqual([200, null]);
  expect(await (await app.get("/logs/stats")).json()).toEqual({ count: 0 });
});

describe("once a token is made", () => {
  test("demo tokens are gone, and reading needs a read token", async () => {
    await using app = await openTestApp({ prepare: (path) => makeToken(path, {}) });
    expect(await statuses(app, token(REPORTS))).toEqual({ write: 401, read: 401, count: 401 });
    expect((await app.get("/logs")).status).toBe(401);
    expect((await app.get("/")).status).toBe(200);
    expect((await app.get("/health")).status).toBe(200);
  });

  test("so they stay when it is revoked again", async () => {
    await using app = await openTestApp({
      prepare(path) {
        makeToken(path, { name: "gone" });
        changeTokens(path, (database) => revokeToken(database, "gone", Date.now()));
      },
    });
    expect(await statuses(app, token(REPORTS))).toEqual({ write: 401, read: 401, count: 401 });
  });

  test.each([
    ["ingest", { write: 200, read: 403, count: 403 }],
    ["read", { write: 403, read: 200, count: 200 }],
    ["admin", { write: 200, read: 200, count: 200 }],
  ] as const)("a token with scope %s may do just that", async (scope, expected) => {
    let made = "";
    await using app = await openTestApp({
      prepare(path) {
        made = makeToken(path, { scopes: [scope] });
      },
    });
    expect(await statuses(app, token(made))).toEqual(expected);
  });

  test("a token reads its own service only, and one for any service reads all", async () => {
    const made: Record<string, string> = {};
    await using app = await openTestApp({
      prepare(path) {
        for (const service of ["payments", "chat", "*"])
          made[service] = makeToken(path, { name: service, service, scopes: ["ingest", "read"] });
      },
    });
    for (const service of ["payments", "chat"]) await app.post(MESSAGE, token(made[service] as string));
    await app.post('{"message":"m","service":"reports"}', token(made["*"] as string));
    const read = async (query: string, by: string) => {
      const response = await app.get(`/logs${query}`, token(made[by] as string));
      return response.status === 200 ? (await recordsOf(response)).map(({ service }) => service) : response.status;
    };
    expect(await read("", "payments")).toEqual(["payments"]);
    expect(await read("?service=payments", "payments")).toEqual(["payments"]);
    expect(await read("?service=payments&service=chat", "payments")).toBe(403);
    // Nor does a query lead out of what the token may read.
    for (const q of ["*", "service:chat OR service:payments", "-service:nobody"]) {
      expect(await read(`?q=${encodeURIComponent(q)}`, "payments")).toEqual(["payments"]);
    }
    expect(await read("?q=service:chat", "payments")).toEqual([]);
    expect(await read("", "*")).toEqual(["reports", "chat", "payments"]);
    expect(await (await app.get("/logs/stats", token(made["chat"] as string))).json()).toEqual({ count: 1 });
    const own = { count: 1, groups: [{ service: "chat", count: 1 }] };
    expect(await (await app.get("/logs/stats?by=service", token(made["chat"] as string))).json()).toEqual(own);
    for (const path of ["/logs/fields", "/logs/fields/service"]) {
      expect(await (await app.get(path, token(made["chat"] as string))).json()).toMatchObject({ count: 1 });
      expect((await app.get(`${path}?service=payments`, token(made["chat"] as string))).status).toBe(403);
      expect((await app.get(path)).status).toBe(401);
    }
  });

  test("what another process changes about tokens counts after a second", async () => {
    let nowMs = Date.now();
    let made = "";
    await using app = await openTestApp({
      now: () => nowMs,
      prepare(path) {
        made = makeToken(path, { name: "t", scopes: ["ingest", "read"] });
      },
    });
    expect((await statuses(app, token(made))).write).toBe(200);
    const rotated = changeTokens(app.path, (database) => rotateToken(database, "t")) as string;
    nowMs += 1000;
    expect([(await statuses(app, token(made))).write, (await statuses(app, token(rotated))).write]).toEqual([401, 200]);
    changeTokens(app.path, (database) => revokeToken(database, "t", nowMs));
    nowMs += 1000;
    expect((await statuses(app, token(rotated))).write).toBe(401);
  });

  test("a rotated secret is good until its grace is over, and ends with the token", async () => {
    let nowMs = Date.now();
    const expiresAt = nowMs + 60_000;
    let old = "";
    let made = "";
    await using app = await openTestApp({
      now: () => nowMs,
      prepare(path) {
        old = makeToken(path, { expiresAt });
        made = changeTokens(path, (database) => rotateToken(database, "t", nowMs + 30_000)) as string;
      },
    });
    const writes = async () => [(await statuses(app, token(old))).write, (await statuses(app, token(made))).write];
    expect(await writes()).toEqual([200, 200]);
    nowMs += 29_999;
    expect(await writes()).toEqual([200, 200]);
    nowMs += 1;
    expect(await writes()).toEqual([401, 200]);
    changeTokens(app.path, (database) => rotateToken(database, "t", expiresAt + 1000));
    nowMs = expiresAt;
    expect(await writes()).toEqual([401, 401]);
  });

  test("when a token was used is noted at once, and then once a minute", async () => {
    let nowMs = Date.now();
    const startMs = nowMs;
    let made = "";
    await using app = await openTestApp({
      now: () => nowMs,
      prepare(path) {
        made = makeToken(path, {});
      },
    });
    const lastUsed = () => changeTokens(app.path, (database) => listTokens(database)[0]?.lastUsedAt);
    await statuses(app, token("nobody-made-this"));
    expect(lastUsed()).toBeNull();
    // The write is on disk once it is answered, and what is noted before it with it.
    await app.post(MESSAGE, token(made));
    expect(lastUsed()).toBe(startMs);
    nowMs += 59_999;
    await app.post(MESSAGE, token(made));
    expect(lastUsed()).toBe(startMs);
    nowMs += 1;
    await app.post(MESSAGE, token(made));
    expect(lastUsed()).toBe(startMs + 60_000);
  });

  test("a token is good until it expires, and not a moment longer", async () => {
    let nowMs = Date.now();
    const expiresAt = nowMs + 60_000;
    let made = "";
    await using app = await openTestApp({
      now: () => nowMs,
      prepare(path) {
        made = makeToken(path, { expiresAt });
      },
    });
    nowMs = expiresAt - 1;
    expect((await statuses(app, token(made))).write).toBe(200);
    nowMs = expiresAt;
    expect((await statuses(app, token(made))).write).toBe(401);
  });
});

test("beyond loopback demo tokens are never accepted, and any Host is", async () => {
  await using app = await openTestApp({ loopback: false });
  expect(await statuses(app, token(REPORTS))).toEqual({ write: 401, read: 401, count: 401 });
  expect((await app.get("/health", { host: "logs.example" })).status).toBe(200);
});
