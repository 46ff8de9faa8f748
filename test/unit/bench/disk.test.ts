import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDiskWatch, type FsyncTimes, folderForRecords, probeFsyncs } from "../../bench/disk.ts";

/** Waits with a disk that is as slow as `probes` say, one after the other, the last one for good. */
function watch(probes: FsyncTimes[]) {
  let pauses = 0;
  const probe = () => (probes.length > 1 ? probes.shift() : probes[0]) as FsyncTimes;
  const wait = createDiskWatch(probe, async () => {
    pauses += 1;
  });
  return async () => ({ quiet: await wait(), pauses });
}

const QUICK = { low: 0.2, middle: 0.3, high: 0.5 };
const BURSTS = { low: 0.2, middle: 0.3, high: 6 };
const SLOW = { low: 6, middle: 7, high: 12 };

describe("waiting for a quiet disk", () => {
  test("does not take long where it is quiet", async () => {
    expect(await watch([QUICK])()).toEqual({ quiet: true, pauses: 0 });
  });

  test("goes on while some fsyncs are much slower than others", async () => {
    expect(await watch([BURSTS, BURSTS, QUICK])()).toEqual({ quiet: true, pauses: 2 });
  });

  test("knows an evenly slow disk by what it was like before", async () => {
    const wait = watch([QUICK, SLOW, SLOW, SLOW, QUICK]);
    await wait();
    expect(await wait()).toEqual({ quiet: true, pauses: 3 });
  });

  test("gives up after 20 seconds, and says so", async () => {
    expect(await watch([BURSTS])()).toEqual({ quiet: false, pauses: 20 });
  });
});

test("probing a disk gives times in order and leaves nothing behind", () => {
  const folder = mkdtempSync(join(tmpdir(), "logctl-disk-"));
  const { low, middle, high } = probeFsyncs(folder);
  expect([low, middle, high]).toEqual([low, middle, high].sort((a, b) => a - b));
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("records that fit nowhere in memory go to the folder for temporary files", () => {
  expect(folderForRecords(1e12)).toBe(tmpdir());
});
