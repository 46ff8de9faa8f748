import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { findWalDamage } from "../../../../../src/store/blocks/wal/check-wal.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 4096;

/** The write-ahead log of ten commits, some of several frames, as a crash leaves it; after `first` more that were taken into the file. */
async function makeWal(first = 0): Promise<Buffer> {
  await using folder = await makeTemporaryFolder();
  using database = new Database(folder.file("x.db"));
  database.run("PRAGMA journal_mode=WAL");
  database.run("PRAGMA wal_autocheckpoint=0");
  database.run("CREATE TABLE t (x)");
  const insert = (bytes: number) => database.query("INSERT INTO t VALUES (randomblob(?))").run(bytes);
  for (let i = 0; i < first; i += 1) insert(20_000);
  // From here on the log is written over from its start.
  if (first > 0) database.run("PRAGMA wal_checkpoint(RESTART)");
  for (let i = 0; i < 10; i += 1) insert(i % 2 === 0 ? 10 : 9000);
  return await readFile(folder.file("x.db-wal"));
}

async function damageOf(wal: Uint8Array) {
  await using folder = await makeTemporaryFolder();
  await writeFile(folder.file("x.db-wal"), wal);
  return findWalDamage(folder.file("x.db"));
}

/** The frames, from 1 on, that end a commit; none of what is left of a log that was written over. */
function commitsOf(wal: Buffer): number[] {
  const frames = Math.floor((wal.length - HEADER_BYTES) / FRAME_BYTES);
  const at = (frame: number) => HEADER_BYTES + (frame - 1) * FRAME_BYTES;
  const own = Array.from({ length: frames }, (_, i) => i + 1).filter(
    (frame) => wal.compare(wal, 16, 24, at(frame) + 8, at(frame) + 16) === 0,
  );
  return own.filter((frame) => wal.readUInt32BE(at(frame) + 4) !== 0);
}

function flip(wal: Buffer, at: number): Buffer {
  const flipped = Buffer.from(wal);
  flipped[at] = (flipped[at] as number) ^ 1;
  return flipped;
}

describe("a write-ahead log", () => {
  test("is whole as it was written, where it was written over, and where there is none", async () => {
    expect(await damageOf(await makeWal())).toBeUndefined();
    expect(await damageOf(await makeWal(20))).toBeUndefined();
    expect(await damageOf(Buffer.alloc(0))).toBeUndefined();
    expect(await damageOf(Buffer.alloc(9000))).toBeUndefined();
    expect(findWalDamage("/nowhere/x.db")).toBeUndefined();
  });

  test("of which a commit was cut short is whole: nobody was told that it is on disk", async () => {
    const wal = await makeWal();
    const last = HEADER_BYTES + ((commitsOf(wal).at(-2) as number) + 1) * FRAME_BYTES;
    for (const end of [wal.length - 1, last, last - 100]) expect(await damageOf(wal.subarray(0, end))).toBeUndefined();
    // A power cut may leave out a frame in the midst of it.
    expect(await damageOf(flip(wal, last - 100))).toBeUndefined();
  });

  test.each([0, 20])(
    "is found damaged by any bit of what was committed before the last commit, after %d others",
    async (first) => {
      const wal = await makeWal(first);
      const commits = commitsOf(wal);
      const end = commits.at(-2) as number;
      for (let frame = 1; frame <= end; frame += 1) {
        // Of its header: the page, the salt, the checksum; and of the page.
        for (const at of [0, 9, 17, 24, FRAME_BYTES - 1]) {
          const damage = await damageOf(flip(wal, HEADER_BYTES + (frame - 1) * FRAME_BYTES + at));
          // Where the frame ends the last commit but one, its salt and checksum are what would prove it.
          if (frame === end && (at === 9 || at === 17)) continue;
          expect([frame, at, damage?.frame]).toEqual([frame, at, frame]);
        }
      }
      for (const at of [0, 8, 17, 30]) expect((await damageOf(flip(wal, at)))?.frame).toBe(0);
    },
  );
});
