import { describe, expect, test } from "bun:test";
import { killWhileDraining, pipeThroughOutage, simulateThroughOutage } from "../support/outages.ts";

const TIMEOUT_MS = 300_000;
const AWAY_MS = 2_000;
/** Far less than what waits. */
const MAX_GROWTH_MB = 60;

// `bun run outages` does the same for longer.
describe("a collector that is away", () => {
  test(
    "gets each record of simulate once, in order, when it is back; simulate says so on one line",
    async () => {
      const { told, stored, misplaced, spooled, beforeMB, peakMB, err, code } = await simulateThroughOutage(AWAY_MS, 2000);
      expect(code).toBe(0);
      expect(spooled).toBeGreaterThan(1000);
      expect({ stored, misplaced }).toEqual({ stored: told, misplaced: 0 });
      // Of three tokens, each with a way of its own to the collector.
      expect(err.trimEnd().split("\n")).toEqual([
        expect.stringContaining("logctl: what comes waits in "),
        expect.stringContaining(`sent ${told} records`),
      ]);
      expect(peakMB - beforeMB).toBeLessThan(MAX_GROWTH_MB);
    },
    TIMEOUT_MS,
  );

  test(
    "gets each line of a pipe once, in order, when it is back; the sender says so on one line and holds nothing in memory",
    async () => {
      const { told, stored, misplaced, spooled, beforeMB, peakMB, err, code } = await pipeThroughOutage(AWAY_MS);
      expect(code).toBe(130);
      expect(spooled).toBeGreaterThan(20_000);
      expect({ stored, misplaced }).toEqual({ stored: told, misplaced: 0 });
      expect(err.trimEnd().split("\n")).toEqual([
        expect.stringContaining("logctl: what comes waits in "),
        `stored ${told} records`,
      ]);
      expect(peakMB - beforeMB).toBeLessThan(MAX_GROWTH_MB);
    },
    TIMEOUT_MS,
  );

  test(
    "gets each record once, in order, from senders that are killed while they deliver what waits, twenty times",
    async () => {
      const { killedAtWork, stored, misplaced } = await killWhileDraining(200_000, 20);
      expect({ stored, misplaced }).toEqual({ stored: 200_000, misplaced: 0 });
      expect(killedAtWork).toBeGreaterThan(10);
    },
    TIMEOUT_MS,
  );
});
