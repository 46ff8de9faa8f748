import { describe, expect, test } from "bun:test";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { createBatch } from "../../../src/client/batch.ts";
import { type ClaimOptions, claimEmptySpool, claimLeftSpools, listSpoolFolders } from "../../../src/client/spool-folders.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const connection = { baseUrl: "http://[::1]:8000", tokenDigest: "mine" };
const options = (base: string, more: Partial<ClaimOptions> = {}) => ({ base, connection, pid: 1, now: () => 1, ...more });
const batch = () => createBatch(['{"message":"m"}']);
const namesOf = (spools: { folder: string }[]) => spools.map(({ folder }) => basename(folder));

describe("the folders of spools", () => {
  test("are one for each process, used again once nothing waits there, and their owner's only", async () => {
    await using folder = await makeTemporaryFolder();
    const base = folder.file("state/spool");
    const [first, second] = [claimEmptySpool(options(base)), claimEmptySpool(options(base))];
    expect(namesOf([first, second])).toEqual(["_1_8000-1", "_1_8000-2"]);
    for (const path of [base, first.folder]) expect(statSync(path).mode & 0o777).toBe(0o700);
    first.close();
    const third = claimEmptySpool(options(base));
    expect(third.folder).toBe(first.folder);
    third.append(batch());
    third.close();
    expect(namesOf([claimEmptySpool(options(base))])).toEqual(["_1_8000-3"]);
    second.close();
  });

  test("give what earlier processes left, oldest first, and only what nobody works on", async () => {
    await using folder = await makeTemporaryFolder();
    const [first, second, third] = [1000, 500, 100].map((ms) => claimEmptySpool(options(folder.path, { now: () => ms })));
    for (const spool of [first, second, third]) spool?.append(batch());
    first?.close();
    second?.close();
    const left = claimLeftSpools(options(folder.path));
    expect(namesOf(left)).toEqual(["_1_8000-2", "_1_8000-1"]);
    for (const spool of [...left, third]) spool?.close();
  });

  test("are those of one collector and one token", async () => {
    await using folder = await makeTemporaryFolder();
    const spool = claimEmptySpool(options(folder.path));
    spool.append(batch());
    spool.close();
    const others = [
      { ...connection, tokenDigest: "another" },
      { ...connection, baseUrl: "http://[::1]:8001" },
    ];
    for (const other of others) expect(claimLeftSpools(options(folder.path, { connection: other }))).toEqual([]);
    expect(claimLeftSpools(options(folder.path))).toHaveLength(1);
  });

  test("are told from whatever else is there", async () => {
    await using folder = await makeTemporaryFolder();
    mkdirSync(folder.file("empty"));
    mkdirSync(folder.file("broken"));
    writeFileSync(folder.file("broken/spool.json"), "{");
    writeFileSync(folder.file("file"), "");
    expect(listSpoolFolders(folder.path)).toEqual([]);
    expect(listSpoolFolders(folder.file("nowhere"))).toEqual([]);
    expect(() => listSpoolFolders(folder.file("file"))).toThrow(expect.objectContaining({ code: "spool_unusable" }));
  });
});
