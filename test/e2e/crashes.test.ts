import { describe, expect, test } from "bun:test";
import { crashUnderLoad, withoutSyncing } from "../support/crashes.ts";
import { whyNoDisk } from "../support/volatile-disk.ts";

const TIMEOUT_MS = 60_000;

// `bun run crashes` does the same for longer.
describe("simulate --verify", () => {
  test(
    "accounts for every record of a collector that is killed under load: none is lost, none doubled",
    async () => {
      const { acknowledged, lost, doubled, exitCodes } = await crashUnderLoad({ by: "kill", crashes: 4 });
      expect(acknowledged).toBeGreaterThan(500);
      expect({ lost, doubled, failed: exitCodes.includes(1) }).toEqual({ lost: 0, doubled: 0, failed: false });
    },
    TIMEOUT_MS,
  );

  for (const by of ["ext4", "xfs"] as const) {
    const missing = whyNoDisk(by);
    if (missing !== undefined) console.error(`no power cut on ${by}: ${missing}`);
    test.skipIf(missing !== undefined)(
      `accounts for every record of a collector whose power is cut under load, on ${by}`,
      async () => {
        const { acknowledged, lost, doubled, exitCodes } = await crashUnderLoad({ by, crashes: 2 });
        expect(acknowledged).toBeGreaterThan(300);
        expect({ lost, doubled, failed: exitCodes.includes(1) }).toEqual({ lost: 0, doubled: 0, failed: false });
      },
      TIMEOUT_MS,
    );
  }

  test.skipIf(whyNoDisk("ext4") !== undefined)(
    "finds what is lost by a collector that does not sync",
    async () => {
      const { lost, exitCodes } = await withoutSyncing((binary) => crashUnderLoad({ by: "ext4", crashes: 1, binary }));
      expect(lost).toBeGreaterThan(0);
      expect(exitCodes).toContain(1);
    },
    TIMEOUT_MS,
  );
});
