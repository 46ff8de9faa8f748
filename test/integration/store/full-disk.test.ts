import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../../src/store/blocks/open-block-store.ts";
import type { Dropped, Retention } from "../../../src/store/retention.ts";
import type { Store } from "../../../src/store/store.ts";
import { eventually } from "../../support/binary.ts";
import { BASE_MS } from "../../support/random-records.ts";
import { idsOf } from "../../support/store.ts";

const DISK_MB = 96;
const folder = mkdtempSync(join(tmpdir(), "logctl-disk-"));
const path = join(folder, "logs.db");
/** Only root may mount; where that is nobody, the test says so and is skipped. */
const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${DISK_MB}m`, "tmpfs", folder]).exitCode === 0;
if (!mounted) console.warn("no disk can be mounted here: dropping on a full disk is not tested");

afterAll(() => {
  if (mounted) Bun.spawnSync(["umount", "-l", folder]);
  rmSync(folder, { recursive: true });
});

const failures: Error[] = [];
const dropped: Dropped[] = [];

function open(retention: Retention): Promise<Store> {
  const keep = { retention, onDropped: (drop: Dropped) => dropped.push(drop) };
  return openStore({ path, pid: process.pid, now: () => BASE_MS, onFailure: (error) => failures.push(error), keep });
}

/** Text that no compression makes small. */
function noise(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(1000))).toString("base64");
}

async function append(store: Store, count: number): Promise<boolean> {
  try {
    await store.append((batch) => {
      for (let i = 0; i < count; i += 1) batch.append(Number.NaN, 0, 3, 2, "web", noise(), "");
      return {};
    });
    return true;
  } catch {
    return false;
  }
}

describe("on a full disk", () => {
  test.skipIf(!mounted)(
    "what is over the limit is dropped, and records are taken again",
    async () => {
      // Nothing is to be dropped yet: the limit is larger than the disk.
      let store = await open({ maxBytes: 1_000_000_000 });
      while (await append(store, 300));
      // The last bytes too.
      while (await append(store, 1));
      expect(store.troubles()).toMatchObject([{ code: "disk_full" }]);
      await store.close();
      store = await open({ maxBytes: 32_000_000 });
      await eventually(() => (statSync(path).size < 32_000_000 ? true : undefined));
      expect(await append(store, 300)).toBe(true);
      // Once it is closed nothing more is dropped: what is dropped and what is left belong together.
      await store.close();
      store = await open({ maxBytes: 1_000_000_000 });
      const ids = await idsOf(store);
      await store.close();
      expect(ids.length).toBeGreaterThan(300);
      expect(dropped.every(({ reason }) => reason === "size")).toBe(true);
      expect(ids[0]).toBe(1 + dropped.reduce((sum, { records }) => sum + records, 0));
    },
    60_000,
  );
});
