import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, startCollector } from "../support/binary.ts";
import { compileFsyncFaults, hasProgram, mountDisk } from "../support/faults.ts";
import { accountFor, createLoad, healthOf, type Load, noise } from "../support/load.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

const disk = mountDisk(8);
const scratch = await makeTemporaryFolder();
const library = compileFsyncFaults(scratch.path);
const failing = scratch.file("failing");
const hanging = scratch.file("hanging");
const faults = { LD_PRELOAD: library ?? "", FSYNC_FAILS: failing, FSYNC_HANGS: hanging };

afterAll(async () => {
  disk?.[Symbol.dispose]();
  await scratch[Symbol.asyncDispose]();
});

async function countOf(url: string): Promise<number> {
  return ((await (await fetch(`${url}/logs/stats`)).json()) as { count: number }).count;
}

const BATCH = 400;

/** Sends until there is no room left for a while. */
async function fill(load: Load, url: string): Promise<void> {
  for (let refused = 0; refused < 4; ) {
    refused = (await load.send(url, BATCH)) === 200 ? 0 : refused + 1;
    if (refused > 0) await Bun.sleep(50);
  }
}

describe("a disk that is full", () => {
  test.skipIf(disk === undefined)(
    "is refused with 503 and Retry-After, while reads are answered; what is acknowledged is there, and writing goes on once there is room",
    async () => {
      const { folder, resize } = disk as NonNullable<typeof disk>;
      await using collector = await startCollector([], { folder });
      const load = createLoad("full");
      await fill(load, collector.url);
      expect([...load.statuses.keys()].sort()).toEqual([200, 503]);
      expect(load.refusal).toMatchObject({ code: "disk_full", retryAfter: "10" });
      expect(await healthOf(collector.url)).toMatchObject({ status: 503, reasons: ["disk_full"] });
      expect(await accountFor(collector.url, load.acknowledged)).toEqual({
        stored: load.acknowledged.length,
        lost: 0,
        doubled: 0,
      });
      // A sixteenth of 8 MB was kept free, or nearly: what indexes take is not reckoned.
      const { bavail, bsize } = statfsSync(folder);
      expect(bavail * bsize).toBeGreaterThan(400_000);
      // Another program takes all the rest.
      const ballast = join(folder, "ballast");
      Bun.spawnSync(["dd", "if=/dev/zero", `of=${ballast}`, "bs=64k"], { stderr: "ignore" });
      expect(await load.send(collector.url, 1)).toBe(503);
      expect(await countOf(collector.url)).toBe(load.acknowledged.length);
      rmSync(ballast);
      resize(16);
      await eventually(async () => ((await healthOf(collector.url)).status === 200 ? true : undefined));
      expect(await load.send(collector.url)).toBe(200);
      expect(await accountFor(collector.url, load.acknowledged)).toEqual({
        stored: load.acknowledged.length,
        lost: 0,
        doubled: 0,
      });
      expect(collector.err()).toContain('"event":"writes_refused"');
      expect(await collector.stop()).toBe(0);
      expect(statSync(`${collector.database}-wal`, { throwIfNoEntry: false })).toBeUndefined();
      for (const file of ["", "-lock"]) rmSync(collector.database + file);
      resize(8);
    },
    30_000,
  );

  test.skipIf(disk === undefined)(
    "is made room on by retention, and writing resumes by itself, without a restart",
    async () => {
      const { folder } = disk as NonNullable<typeof disk>;
      await using collector = await startCollector(["--retain", "3s"], { folder });
      const load = createLoad("retained");
      await fill(load, collector.url);
      const before = load.acknowledged.length;
      // Not one more batch was taken; ten are, once others are gone.
      await eventually(() => (collector.err().includes('"event":"records_dropped"') ? true : undefined));
      await eventually(async () => {
        if ((await load.send(collector.url, BATCH)) !== 200) await Bun.sleep(20);
        return load.acknowledged.length >= before + 10 * BATCH ? true : undefined;
      });
      expect(await accountFor(collector.url, load.acknowledged.slice(-BATCH))).toMatchObject({ lost: 0, doubled: 0 });
    },
    30_000,
  );
});

describe("a disk whose fsync fails", () => {
  test.skipIf(library === undefined)(
    "acknowledges nothing, says so at /health, and goes on by itself with all that was acknowledged",
    async () => {
      await using collector = await startCollector([], { env: faults });
      const load = createLoad("eio");
      for (let i = 0; i < 5; i += 1) expect(await load.send(collector.url)).toBe(200);
      for (let round = 0; round < 2; round += 1) {
        writeFileSync(failing, "");
        for (let i = 0; i < 5; i += 1) expect(await load.send(collector.url)).toBe(503);
        expect(load.refusal).toMatchObject({ code: "store_unavailable", retryAfter: "5" });
        expect(load.refusal?.message).toContain("SQLITE_IOERR_FSYNC");
        expect(await healthOf(collector.url)).toMatchObject({ status: 503, reasons: ["store_unavailable"] });
        expect(await countOf(collector.url)).toBe(load.acknowledged.length);
        // Long enough for an attempt to start anew, which fails as well.
        await Bun.sleep(1200);
        expect((await healthOf(collector.url)).status).toBe(503);
        expect(await load.send(collector.url)).toBe(503);
        rmSync(failing);
        await eventually(async () => ((await healthOf(collector.url)).status === 200 ? true : undefined));
        expect(await load.send(collector.url)).toBe(200);
      }
      await collector.kill();
      await collector.restart();
      expect(await accountFor(collector.url, load.acknowledged)).toMatchObject({ lost: 0, doubled: 0 });
    },
    20_000,
  );
});

describe("a disk that is slow", () => {
  test.skipIf(library === undefined)(
    "has a bounded queue before it, then 503 and Retry-After; reads are not affected, and what waits is answered in the end",
    async () => {
      await using collector = await startCollector([], { env: faults });
      const load = createLoad("slow", () => "lorem ipsum dolor sit amet ".repeat(1000));
      expect(await load.send(collector.url, 1)).toBe(200);
      writeFileSync(hanging, "");
      // 100 MB of large and small bodies, all of which may be read, but of which 64 MiB may wait.
      const sizes = [1, ...Array<number>(8).fill(300), ...Array<number>(40).fill(30)];
      const sending = Promise.all(sizes.map((records) => load.send(collector.url, records)));
      await eventually(() => (load.refusal === undefined ? undefined : true));
      expect(load.refusal).toMatchObject({
        code: "overloaded",
        retryAfter: "1",
        message: expect.stringContaining("wait to be written"),
      });
      expect(await countOf(collector.url)).toBe(1);
      expect(load.acknowledged).toHaveLength(1);
      rmSync(hanging);
      await sending;
      expect([...load.statuses.keys()].sort()).toEqual([200, 503]);
      expect(await countOf(collector.url)).toBe(load.acknowledged.length);
      expect((await healthOf(collector.url)).status).toBe(200);
    },
    60_000,
  );
});

describe("a limit on the size of files", () => {
  test.skipIf(!hasProgram("prlimit"))(
    "is an error to whoever writes, and no end of the collector: reads are answered",
    async () => {
      await using collector = await startCollector([], { prefix: ["prlimit", "--fsize=300000"] });
      const load = createLoad("fsize", () => noise(1000));
      for (let i = 0; i < 20; i += 1) await load.send(collector.url);
      expect([...load.statuses.keys()].sort()).toEqual([200, 503]);
      expect(load.refusal?.code).toBe("store_unavailable");
      expect((await healthOf(collector.url)).status).toBe(503);
      expect(await accountFor(collector.url, load.acknowledged)).toEqual({
        stored: load.acknowledged.length,
        lost: 0,
        doubled: 0,
      });
    },
    20_000,
  );
});
