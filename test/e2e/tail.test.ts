import { describe, expect, test } from "bun:test";
import { runTailLoad } from "../support/tail-load.ts";

describe("a tail under load", () => {
  test("gives each record once, in order, while the collector is killed and the reader cut off", async () => {
    const load = { recordsPerSecond: 10_000, seconds: 3, collectorKills: 1, readerKills: 4 };
    const { sent, readerConnections, reader, follower } = await runTailLoad(load);
    expect(sent).toBe(30_000);
    expect(readerConnections).toBeGreaterThan(load.readerKills);
    const all = { received: sent, missing: 0, repeated: 0, unknown: 0, outOfOrder: 0 };
    expect({ reader, follower }).toEqual({ reader: all, follower: all });
  }, 60_000);
});
