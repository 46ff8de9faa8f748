import { describe, expect, test } from "bun:test";
import { openForWriting } from "../../src/store/blocks/file/database.ts";
import { createToken, listTokens, type NewToken } from "../../src/store/blocks/file/tokens.ts";
import { countOf, errorOf, numberedLines, openTestApp } from "../support/app.ts";

/** Noon of a day of UTC. */
const NOON = Date.parse("2026-11-24T12:00:00Z");

/** A collector with one token that has these limits, and a clock. */
async function openLimited(limits: Partial<NewToken>) {
  let nowMs = NOON;
  let secret = "";
  const app = await openTestApp({
    now: () => nowMs,
    prepare(path) {
      using database = openForWriting(path);
      const token: NewToken = { name: "t", service: "web", scopes: ["ingest", "read"], expiresAt: null, ...limits };
      secret = createToken(database, token, nowMs);
    },
  });
  const authorization = () => ({ authorization: `Token ${secret}` });
  return {
    app,
    pass: (ms: number) => {
      nowMs += ms;
    },
    write: (body: string | ReadableStream, headers: Record<string, string> = {}) =>
      app.post(body, { ...authorization(), ...headers }),
    read: () => app.get("/logs", authorization()),
    count: () => app.get("/logs/stats", authorization()),
    tokens() {
      using database = openForWriting(app.path);
      return listTokens(database);
    },
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

describe("a token with a rate limit", () => {
  test("is answered 429 until what it wrote beyond the limit is made up for", async () => {
    await using limited = await openLimited({ rateLimit: 10 });
    expect((await limited.write(numberedLines(35))).status).toBe(200);
    const refused = await limited.write(numberedLines(1));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "3"]);
    expect(await errorOf(refused)).toEqual({
      code: "rate_limited",
      message: "this token may write 10 records a second; send this again later",
    });
    limited.pass(2500);
    expect((await limited.write(numberedLines(1))).status).toBe(429);
    limited.pass(100);
    expect((await limited.write(numberedLines(1))).status).toBe(200);
    // Reading is not limited.
    expect((await limited.read()).status).toBe(200);
  });

  test("gets through what the limit says over a minute, and no more", async () => {
    await using limited = await openLimited({ rateLimit: 10 });
    let stored = 0;
    for (let step = 0; step < 600; step += 1) {
      if ((await limited.write(numberedLines(3))).status === 200) stored += 3;
      limited.pass(100);
    }
    expect(stored).toBeGreaterThanOrEqual(600);
    expect(stored).toBeLessThanOrEqual(615);
  });

  test("is refused before the body is read", async () => {
    await using limited = await openLimited({ rateLimit: 1 });
    await limited.write(numberedLines(10));
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new TextEncoder().encode("x"));
          if (pulled === 10) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    expect((await limited.write(body)).status).toBe(429);
    expect(pulled).toBe(0);
  });
});

describe("a token with a daily quota", () => {
  const line = (bytes: number) => JSON.stringify({ message: "x".repeat(bytes - '{"message":""}'.length) });

  test("gets no more stored where several large requests are decoded at one time", async () => {
    const body = numberedLines(20_000);
    await using limited = await openLimited({ dailyQuotaBytes: body.length + 1000 });
    const answers = await Promise.all([limited.write(body), limited.write(body)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429]);
    const refused = answers.find(({ status }) => status === 429) as Response;
    expect((await errorOf(refused)).code).toBe("quota_exceeded");
    expect(await countOf(limited.count())).toBe(20_000);
  });

  test("is answered 429 once it is used up, until midnight UTC", async () => {
    await using limited = await openLimited({ dailyQuotaBytes: 1000 });
    expect((await limited.write(line(600))).status).toBe(200);
    const refused = await limited.write(line(401));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "43200"]);
    expect((await errorOf(refused)).code).toBe("quota_exceeded");
    expect((await limited.write(line(400))).status).toBe(200);
    expect((await limited.write(line(20))).status).toBe(429);
    limited.pass(12 * 3_600_000 - 1);
    expect((await limited.write(line(20))).status).toBe(429);
    limited.pass(1);
    expect((await limited.write(line(20))).status).toBe(200);
  });

  test("pays for the bytes of a body after decompression", async () => {
    await using limited = await openLimited({ dailyQuotaBytes: 1000 });
    const body = Bun.gzipSync(line(1001)) as unknown as string;
    expect((await limited.write(body, { "content-encoding": "gzip" })).status).toBe(429);
    expect((await limited.write(line(1000))).status).toBe(200);
  });

  test("does not pay for what was refused", async () => {
    await using limited = await openLimited({ dailyQuotaBytes: 1000 });
    for (let i = 0; i < 5; i += 1) expect((await limited.write("x".repeat(600))).status).toBe(400);
    expect((await limited.write(line(1000))).status).toBe(200);
  });

  test("has what it used noted once a minute, and counted on by the next collector", async () => {
    await using limited = await openLimited({ dailyQuotaBytes: 1000 });
    await limited.write(line(600));
    limited.pass(60_000);
    await limited.write(line(100));
    expect(limited.tokens()).toMatchObject([{ quotaBytes: 600, quotaDay: Math.floor(NOON / 86_400_000) }]);
  });
});
