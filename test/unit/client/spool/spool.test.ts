import { describe, expect, test } from "bun:test";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createBatch } from "../../../../src/client/batch.ts";
import { openSpool } from "../../../../src/client/spool/spool.ts";
import type { Spool } from "../../../../src/client/spool/spool-batch.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

const NOW = Date.parse("2026-11-24T10:00:00Z");

function open(folder: string, segmentBytes?: number): Spool {
  const spool = openSpool({ folder, pid: 1234, now: () => NOW, ...(segmentBytes && { segmentBytes }) });
  if ("holder" in spool) throw new Error("the spool is in use");
  return spool;
}

const batchOf = (...messages: string[]) => createBatch(messages.map((message) => JSON.stringify({ message })));

/** As many as make a batch that nothing is joined to. */
const fullBatch = (name: string) => batchOf(...Array.from({ length: 1000 }, (_, i) => `${name} ${i}`));

/** Reads and removes everything. */
function takeAll(spool: Spool): string[] {
  const messages: string[] = [];
  for (let head = spool.head(); head !== undefined; head = spool.head()) {
    messages.push(...head.batch.records.map((record) => JSON.parse(record).message));
    spool.remove();
  }
  return messages;
}

const segmentsOf = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".spool"));

describe("a spool", () => {
  test("gives batches back in order, also to the next process, with their keys", async () => {
    await using folder = await makeTemporaryFolder();
    const [first, second] = [fullBatch("a"), fullBatch("b")];
    const writing = open(folder.path);
    for (const batch of [first, second]) writing.append(batch);
    expect(writing.waiting()).toEqual({ own: 2000, all: 2000 });
    writing.close();
    const reading = open(folder.path);
    expect(reading.waiting()).toEqual({ own: 0, all: 2000 });
    reading.append(batchOf("c"));
    expect(reading.head()).toMatchObject({ batch: first, isOwn: false, createdAtMs: NOW });
    reading.remove();
    expect(reading.head()).toMatchObject({ batch: second, isOwn: false });
    reading.remove();
    expect(reading.head()).toMatchObject({ isOwn: true });
    expect(takeAll(reading)).toEqual(["c"]);
    expect(reading.waiting()).toEqual({ own: 0, all: 0 });
    expect(segmentsOf(folder.path)).toEqual([]);
    reading.close();
  });

  test("keeps text letter by letter, and is its owner's only", async () => {
    await using folder = await makeTemporaryFolder();
    const text = 'ä 💾 "quoted" \\n \u2028 \ufeff';
    const spool = open(folder.path);
    spool.append(batchOf(text, "b"));
    for (const name of segmentsOf(folder.path)) expect(statSync(folder.file(name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder.file("progress")).mode & 0o777).toBe(0o600);
    expect(takeAll(spool)).toEqual([text, "b"]);
    spool.close();
  });

  test("keeps how far the first batch is", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = open(folder.path);
    spool.append(fullBatch("a"));
    const head = spool.head();
    Object.assign(head?.batch ?? {}, { from: 250, width: 125, sentAtMs: 77 });
    spool.save();
    expect(spool.waiting()).toEqual({ own: 750, all: 750 });
    spool.close();
    const later = open(folder.path);
    expect(later.head()?.batch).toMatchObject({ from: 250, width: 125, sentAtMs: 77 });
    expect(later.waiting()).toEqual({ own: 0, all: 750 });
    later.close();
  });

  test("joins small batches to one, under the same key and with the same records as long as that is not answered", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = open(folder.path);
    for (const name of ["a", "b", "c"]) spool.append(batchOf(name));
    const key = spool.head()?.batch.key;
    expect(spool.head()?.batch.records).toHaveLength(3);
    Object.assign(spool.head()?.batch ?? {}, { sentAtMs: 1 });
    spool.save();
    spool.append(batchOf("d"));
    spool.close();
    const later = open(folder.path);
    later.append(batchOf("e"));
    expect(later.head()?.batch).toMatchObject({ key, sentAtMs: 1 });
    expect(later.head()?.batch.records).toHaveLength(3);
    expect(takeAll(later)).toEqual(["a", "b", "c", "d", "e"]);
    later.close();
  });

  test("joins nothing to what may have been sent before it was spooled", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = open(folder.path);
    const sent = { ...batchOf("a"), sentAtMs: 1 };
    spool.append(sent);
    for (const name of ["b", "c"]) spool.append(batchOf(name));
    expect(spool.head()?.batch).toEqual(sent);
    spool.remove();
    expect(spool.head()?.batch.records).toHaveLength(2);
    spool.append({ ...batchOf("d"), from: 0, sentAtMs: 1 });
    spool.close();
    const later = open(folder.path);
    expect(later.head()?.batch.records).toHaveLength(2);
    later.close();
  });

  test("leaves out a last entry that was cut short, wherever that was, and loses no other", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = open(folder.path);
    spool.append(batchOf("a"));
    const [name] = segmentsOf(folder.path) as [string];
    const path = folder.file(name);
    const whole = statSync(path).size;
    spool.append(batchOf("torn"));
    // As a process leaves it that is killed.
    const bytes = await Bun.file(path).bytes();
    spool.close();
    for (let length = whole; length < bytes.length; length += 1) {
      writeFileSync(path, bytes.subarray(0, length));
      const later = open(folder.path);
      expect([length, takeAll(later), later.damaged()]).toEqual([length, ["a"], 0]);
      later.close();
      await rm(folder.file("progress"));
    }
    // Cut short by a file system that had the length but not the bytes.
    writeFileSync(path, bytes.fill(0, whole + 30));
    const later = open(folder.path);
    later.append(batchOf("b"));
    expect([takeAll(later), later.damaged()]).toEqual([["a", "b"], 0]);
    later.close();
  });

  test("keeps an entry that is not what was written among the dead, and goes on behind it", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = open(folder.path);
    for (const name of ["a", "b", "c"]) spool.append(fullBatch(name));
    spool.close();
    const path = folder.file(segmentsOf(folder.path)[0] as string);
    const bytes = await Bun.file(path).bytes();
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 1;
    writeFileSync(path, bytes);
    const later = open(folder.path);
    expect(new Set(takeAll(later).map((message) => message[0]))).toEqual(new Set(["a", "c"]));
    expect(later.damaged()).toBe(1);
    expect(later.waiting().all).toBe(0);
    expect(readdirSync(folder.file("dead"))).toHaveLength(1);
    later.close();
  });

  test("delivers again rather than loses where its progress cannot be read", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = open(folder.path);
    const batch = fullBatch("a");
    spool.append(batch);
    Object.assign(spool.head()?.batch ?? {}, { from: 500 });
    spool.save();
    spool.close();
    writeFileSync(folder.file("progress"), new Uint8Array(200).fill(7));
    const later = open(folder.path);
    expect(later.head()?.batch).toEqual(batch);
    later.close();
  });

  test("gives room back segment by segment, and gives up the oldest but for the one under way", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = open(folder.path, 50_000);
    for (const name of ["a", "b", "c", "d", "e", "f"]) spool.append(fullBatch(name));
    const before = spool.bytes();
    expect(segmentsOf(folder.path).length).toBeGreaterThan(2);
    expect(spool.head()?.batch.records[0]).toContain("a 0");
    const dropped = spool.dropOldest();
    expect(dropped).toBeGreaterThanOrEqual(1000);
    expect(spool.bytes()).toBeLessThan(before);
    expect(spool.waiting().all).toBe(6000 - dropped);
    const left = takeAll(spool);
    expect(left).toHaveLength(6000 - dropped);
    expect([left[0], left.at(-1)]).toEqual(["a 0", "f 999"]);
    expect(spool.bytes()).toBe(0);
    spool.close();
  });

  test("is one process's, and says which", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = open(folder.path);
    expect(openSpool({ folder: folder.path, pid: 5, now: () => NOW })).toEqual({ holder: 1234 });
    spool.close();
    open(folder.path).close();
  });

  test("is opened whatever a power cut has left in its lock", async () => {
    await using folder = await makeTemporaryFolder();
    for (const content of [new Uint8Array(8192), "", "1234"]) {
      await Bun.write(folder.file("lock"), content);
      const spool = open(folder.path);
      expect(openSpool({ folder: folder.path, pid: 5, now: () => NOW })).toEqual({ holder: 1234 });
      spool.close();
    }
  });

  test("says what is wrong with a folder it cannot use", async () => {
    await using folder = await makeTemporaryFolder();
    expect(() => open(folder.file("nowhere"))).toThrow(
      expect.objectContaining({
        code: "spool_unusable",
        message: expect.stringContaining(`${folder.path}/nowhere' cannot be used`),
      }),
    );
  });
});
