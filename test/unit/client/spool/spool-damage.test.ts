import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { createBatch } from "../../../../src/client/batch.ts";
import { isNewerSegment, readSegment } from "../../../../src/client/spool/segment-reader.ts";
import { openSpool } from "../../../../src/client/spool/spool.ts";
import type { Spool } from "../../../../src/client/spool/spool-batch.ts";
import { encodeSpoolEntry } from "../../../../src/client/spool/spool-entry.ts";
import { readLabel, writeLabel } from "../../../../src/client/spool/spool-label.ts";
import { openProgressFile, progressAt } from "../../../../src/client/spool/spool-progress.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../support/temporary-folder.ts";

const NAMES = ["a", "b", "c"];
/** How an entry begins. */
const FRAME_MARK = Buffer.from([0xff, 0x4c, 0x43, 0x45]);
const batchOf = (...names: string[]) => createBatch(names.map((message) => JSON.stringify({ message })));

function open(folder: string, now = () => 1): Spool {
  const spool = openSpool({ folder, pid: 1, now });
  if ("holder" in spool) throw new Error("the spool is in use");
  return spool;
}

/** A spool with a segment of three entries: `closed` as by a process that ended, or as one leaves it that is killed. */
async function leave(folder: TemporaryFolder, closed: boolean): Promise<{ path: string; bytes: Buffer }> {
  const path = folder.file("0000000001.spool");
  const spool = open(folder.path);
  for (const name of NAMES) spool.append(batchOf(name));
  const before = readFileSync(path);
  spool.close();
  const bytes = closed ? readFileSync(path) : before;
  writeFileSync(path, bytes);
  return { path, bytes };
}

/** As logctl 0.1.0 wrote it first. */
function earlierSegment(): Buffer {
  const entries = NAMES.flatMap((name) => {
    const payload = encodeSpoolEntry({ batch: batchOf(name), createdAtMs: 1 });
    const frame = Uint32Array.of(payload.length, 1, Bun.hash.crc32(payload, 1));
    return [new Uint8Array(frame.buffer), payload];
  });
  return Buffer.concat([Buffer.from("LCSPOOL1"), ...entries]);
}

/** What is read of a segment, whether it is said that it is not whole, and how many bytes are told of. */
function readAll(path: string): { names: string[]; isTold: boolean; bytes: number } {
  return readSegment(path, (segment) => {
    const names: string[] = [];
    let [isTold, bytes] = [false, 0];
    for (let offset = 0; ; ) {
      const part = segment.partAt(offset);
      if (part.kind === "end") return { names, isTold: isTold || part.missing !== undefined, bytes };
      if (part.kind === "entry") names.push(/"message":"(.)"/.exec(new TextDecoder().decode(part.payload))?.[1] ?? "?");
      else {
        isTold = true;
        bytes += segment.bytes(part.offset, part.next).length;
      }
      offset = part.next;
    }
  });
}

function* flips(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ (1 << bit);
      yield flipped;
    }
  }
}

const takeAll = (spool: Spool): string[] => {
  const names: string[] = [];
  for (let head = spool.head(); head !== undefined; head = spool.head()) {
    names.push(...head.batch.records.map((record) => JSON.parse(record).message));
    spool.remove();
  }
  return names;
};

describe("one flipped bit", () => {
  test.each(["closed", "left by a crash", "of an earlier logctl"])(
    "of a segment that is %s costs the entry it is in, which is told",
    async (kind) => {
      await using folder = await makeTemporaryFolder();
      const { path, bytes } = await leave(folder, kind === "closed");
      const whole = kind === "of an earlier logctl" ? earlierSegment() : bytes;
      for (const flipped of flips(whole)) {
        writeFileSync(path, flipped);
        const { names, isTold } = readAll(path);
        const isRight = names.join("") === "abc" || (isTold && /^(ab|ac|bc)$/.test(names.join("")));
        if (!isRight) expect({ names, isTold }).toEqual({ names: NAMES, isTold: false });
      }
    },
  );

  test("of a label costs nothing, since there is another", async () => {
    await using folder = await makeTemporaryFolder();
    const label = { url: "https://logs.test/team", tokenDigest: "0123456789abcdef0123456789abcdef" };
    writeLabel(folder.path, label);
    const path = folder.file("spool.json");
    for (const flipped of flips(readFileSync(path))) {
      writeFileSync(path, flipped);
      expect(readLabel(folder.path)).toMatchObject(label);
    }
  });

  test("of the progress costs at most a step, and no joined batch its key", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("progress");
    const file = openProgressFile(path);
    const before = progressAt(1, 16);
    const joined = { ...before, entries: 3, width: 3, sentAtMs: 7 };
    file.write(before, false);
    file.write(joined, true);
    file.close();
    for (const flipped of flips(readFileSync(path))) {
      writeFileSync(path, flipped);
      const again = openProgressFile(path);
      again.close();
      expect([again.progress, again.unreadable]).toEqual([joined, undefined]);
    }
  });
});

describe("a segment that is cut short", () => {
  test("is told of, wherever that is, where it was closed", async () => {
    await using folder = await makeTemporaryFolder();
    const { path, bytes } = await leave(folder, true);
    for (let length = 0; length < bytes.length; length += 1) {
      writeFileSync(path, bytes.subarray(0, length));
      expect([length, readAll(path).isTold]).toEqual([length, true]);
    }
  });

  test("by a crash lacks its last entry, which nobody was told is on the disk, and no other", async () => {
    await using folder = await makeTemporaryFolder();
    const { path, bytes } = await leave(folder, false);
    const last = bytes.lastIndexOf(FRAME_MARK);
    for (let length = last; length < bytes.length; length += 1) {
      writeFileSync(path, bytes);
      truncateSync(path, length);
      expect([length, readAll(path)]).toEqual([length, { names: ["a", "b"], isTold: false, bytes: 0 }]);
      // A file system may have had the length, and not the bytes.
      writeFileSync(path, Buffer.concat([bytes.subarray(0, length), Buffer.alloc(bytes.length - length)]));
      expect([length, readAll(path)]).toEqual([length, { names: ["a", "b"], isTold: false, bytes: 0 }]);
    }
  });
});

describe("a spool", () => {
  test("keeps the bytes of what cannot be read behind a line with the reason, delivers the rest, and counts it", async () => {
    await using folder = await makeTemporaryFolder();
    const { path, bytes } = await leave(folder, true);
    const second = bytes.indexOf(FRAME_MARK, bytes.indexOf(FRAME_MARK) + 1);
    const third = bytes.indexOf(FRAME_MARK, second + 1);
    // The length of the second entry, which leads far beyond the end.
    bytes[second + 6] = 0x7f;
    writeFileSync(path, bytes);
    const spool = open(folder.path);
    expect(takeAll(spool)).toEqual(["a", "c"]);
    expect([spool.damaged(), spool.waiting(), spool.bytes()]).toEqual([1, { own: 0, all: 0 }, 0]);
    spool.close();
    const [name] = readdirSync(folder.file("dead")) as [string];
    const dead = readFileSync(folder.file(`dead/${name}`));
    const lineEnd = dead.indexOf(10) + 1;
    expect(JSON.parse(dead.subarray(0, lineEnd).toString())).toMatchObject({
      segment: 1,
      offset: second,
      reason: expect.stringContaining("not what was written"),
    });
    expect(dead.subarray(lineEnd).equals(bytes.subarray(second, third))).toBe(true);
  });

  test("leaves a segment of a newer logctl as it is, names it, and delivers the others", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, true);
    const newer = folder.file("0000000009.spool");
    writeFileSync(newer, "LCSPOOL3 and whatever comes next");
    const spool = open(folder.path);
    spool.append(batchOf("d"));
    expect([spool.newer(), takeAll(spool), spool.damaged()]).toEqual([[newer], ["a", "b", "c", "d"], 0]);
    spool.close();
    expect([readFileSync(newer, "utf8"), isNewerSegment(newer)]).toEqual(["LCSPOOL3 and whatever comes next", true]);
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".spool"))).toEqual(["0000000009.spool"]);
  });

  test("reads a segment of an earlier logctl, and one whose mark is damaged", async () => {
    await using folder = await makeTemporaryFolder();
    const { path, bytes } = await leave(folder, true);
    renameSync(path, folder.file("0000000002.spool"));
    writeFileSync(folder.file("0000000002.spool"), bytes.fill(7, 0, 12));
    writeFileSync(path, earlierSegment());
    const spool = open(folder.path);
    expect([spool.waiting().all, takeAll(spool), spool.damaged()]).toEqual([6, [...NAMES, ...NAMES], 1]);
    spool.close();
  });

  test("never sends again, under another key, what is left of a joined batch that may be stored", async () => {
    await using folder = await makeTemporaryFolder();
    const { path, bytes } = await leave(folder, true);
    const spool = open(folder.path);
    Object.assign(spool.head()?.batch ?? {}, { sentAtMs: 1 });
    spool.save();
    spool.close();
    bytes[bytes.lastIndexOf('"c"') + 1] = 0x64;
    writeFileSync(path, bytes);
    const later = open(folder.path);
    expect(later.head()).toMatchObject({ isUncertain: true, batch: { records: ['{"message":"a"}', '{"message":"b"}'] } });
    later.remove();
    expect([later.head(), later.damaged(), later.waiting().all]).toEqual([undefined, 1, 0]);
    later.close();
  });

  test("joins what is left anew where nothing of it was sent", async () => {
    await using folder = await makeTemporaryFolder();
    const { path, bytes } = await leave(folder, true);
    const spool = open(folder.path);
    spool.head();
    spool.save();
    spool.close();
    bytes[bytes.lastIndexOf('"b"') + 1] = 0x64;
    writeFileSync(path, bytes);
    const later = open(folder.path);
    expect(later.head()).toMatchObject({ isUncertain: false, batch: { records: ['{"message":"a"}'] } });
    expect([takeAll(later), later.damaged()]).toEqual([["a", "c"], 1]);
    later.close();
  });

  test("keeps a progress that cannot be read at all, and delivers again rather than loses", async () => {
    await using folder = await makeTemporaryFolder();
    await leave(folder, true);
    writeFileSync(folder.file("progress"), new Uint8Array(120).fill(7));
    const spool = open(folder.path);
    expect([takeAll(spool), spool.damaged()]).toEqual([NAMES, 1]);
    spool.close();
    expect(readdirSync(folder.file("dead"))).toEqual(["damaged-progress"]);
  });
});
