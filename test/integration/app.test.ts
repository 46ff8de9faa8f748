import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../src/errors.ts";
import { createApp } from "../../src/server/create-app.ts";
import type { Store } from "../../src/store/store.ts";
import { errorOf, openTestApp, REPORTS } from "../support/app.ts";

describe("the app", () => {
  test("welcomes at / and tells its health", async () => {
    await using app = await openTestApp({ now: () => Date.parse("2026-11-24T10:00:00Z") });
    expect(await (await app.get("/")).json()).toEqual({
      ok: true,
      hint: expect.stringContaining("/logs"),
      time: "2026-11-24T10:00:00.000Z",
      version: "1.2.3",
    });
    const health = await app.get("/health");
    expect([health.status, await health.json()]).toEqual([
      200,
      { status: "ok", service: "logctl", time: "2026-11-24T10:00:00.000Z", version: "1.2.3" },
    ]);
  });

  test("answers HEAD like GET, without a body", async () => {
    await using app = await openTestApp();
    for (const path of ["/", "/health", "/logs", "/logs/stats", "/logs/tail", "/logs/tail?last=5"]) {
      const response = await app.fetch(new Request(`http://localhost${path}`, { method: "HEAD" }));
      expect([path, response.status, await response.text()]).toEqual([path, 200, ""]);
    }
  });

  test("names what it has where there is nothing, and what a path takes where the method is wrong", async () => {
    await using app = await openTestApp();
    for (const path of ["/nothing", "/logs/x", "/constructor", "/__proto__"]) {
      const missing = await app.get(path);
      expect([path, missing.status, (await errorOf(missing)).code]).toEqual([path, 404, "not_found"]);
    }
    const wrong = await app.fetch(new Request("http://localhost/logs", { method: "DELETE" }));
    expect([wrong.status, wrong.headers.get("allow"), (await errorOf(wrong)).code]).toEqual([
      405,
      "GET, HEAD, POST, PUT",
      "method_not_allowed",
    ]);
    expect(
      (await app.fetch(new Request("http://localhost/logs", { method: "OPTIONS" }))).headers.get("access-control-allow-origin"),
    ).toBeNull();
  });

  test("takes a path with a slash at its end", async () => {
    await using app = await openTestApp();
    expect((await app.get("/logs/")).status).toBe(200);
  });

  test("logs what was not foreseen, whole, and answers 500 with nothing of it", async () => {
    await using app = await openTestApp();
    const failures: unknown[] = [];
    const secret = new Error("secret path /etc/x");
    const broken = { ...brokenStore(secret), tokens: () => [], newestId: () => 0 } as unknown as Store;
    const fetch = createApp({
      store: broken,
      loopback: true,
      version: "1",
      now: Date.now,
      onFailure: (error) => failures.push(error),
    });
    const response = await fetch(new Request("http://localhost/logs"));
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: "internal" } });
    expect(text).not.toContain("secret");
    expect(failures).toEqual([secret]);
    expect((await app.get("/health")).status).toBe(200);
  });

  test("answers 503 while the store cannot write, with the reason at /health, and Retry-After where it says when", async () => {
    const failure = new LogctlError("store_unavailable", "the store cannot write: disk full");
    const busy = new LogctlError("overloaded", "too much waits", { retryAfterS: 1 });
    const troubled = { tokens: () => [], damaged: () => [], troubles: () => [failure], requireWritable() {} };
    const store = { ...brokenStore(busy), ...troubled } as unknown as Store;
    const fetch = createApp({ store, loopback: true, version: "1", now: Date.now, onFailure: () => {} });
    const health = await fetch(new Request("http://localhost/health"));
    expect([health.status, await health.json()]).toMatchObject([
      503,
      { status: "unavailable", reasons: [{ code: "store_unavailable", message: "the store cannot write: disk full" }] },
    ]);
    const body = '{"message":"m"}';
    const write = await fetch(
      new Request("http://localhost/logs", { method: "POST", body, headers: { authorization: `Token ${REPORTS}` } }),
    );
    expect([write.status, write.headers.get("retry-after"), (await errorOf(write)).code]).toEqual([503, "1", "overloaded"]);
  });
});

function brokenStore(error: Error): Pick<Store, "append" | "search" | "count"> {
  return {
    append: () => Promise.reject(error),
    count: () => Promise.reject(error),
    // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
    async *search() {
      throw error;
    },
  };
}
