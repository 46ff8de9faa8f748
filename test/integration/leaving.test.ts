import { describe, expect, test } from "bun:test";
import { eventually } from "../support/binary.ts";
import { serveIdleStore } from "../support/idle-store.ts";

describe("a reader that goes away before anything was found", () => {
  test.each([
    ["/logs", "application/json"],
    ["/logs?limit=all", "application/x-ndjson"],
    ["/logs?limit=all", "text/csv"],
    ["/logs/tail?last=5", "text/event-stream"],
  ])("ends the search of %s as %s", async (path, accept) => {
    await using server = serveIdleStore();
    const leaving = new AbortController();
    const answer = fetch(server.url + path, { headers: { accept }, signal: leaving.signal }).catch((error) => error);
    await eventually(() => (server.counts.searches === 1 ? true : undefined));
    leaving.abort();
    await eventually(() => (server.counts.searches === 0 ? true : undefined));
    expect((await answer).name).toBe("AbortError");
    expect(server.failures).toEqual([]);
  });
});
