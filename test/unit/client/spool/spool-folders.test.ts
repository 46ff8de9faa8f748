import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { createBatch } from "../../../../src/client/batch.ts";
import {
  adoptUnlabelled,
  type ClaimOptions,
  claimEmptySpool,
  claimLeftSpools,
  listSpoolFolders,
  listUnlabelled,
  makeSpoolBase,
} from "../../../../src/client/spool/spool-folders.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../support/temporary-folder.ts";

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

/** The folders of so many spools in which a batch waits. */
function leave(base: TemporaryFolder, count: number): string[] {
  const spools = Array.from({ length: count }, (_, index) => claimEmptySpool(options(base.path, { now: () => index + 1 })));
  for (const spool of spools) {
    spool.append(batch());
    spool.close();
  }
  return spools.map(({ folder }) => folder);
}

/** What is claimed, and what is told of the others. */
function claim(base: string): { names: string[]; told: string[] } {
  const told: string[] = [];
  const spools = claimLeftSpools(options(base, { onUnusable: ({ message }) => told.push(message) }));
  for (const spool of spools) spool.close();
  return { names: namesOf(spools), told };
}

function replace(path: string, make: (path: string) => void): void {
  rmSync(path);
  make(path);
}

describe("a spool that is not right costs no other one anything, and is named:", () => {
  const outside = "what is none of logctl's business";
  const bad: [string, (folder: string, elsewhere: string) => void, string][] = [
    ["its lock is no file", (folder) => replace(join(folder, "lock"), (path) => mkdirSync(path)), "cannot be used"],
    [
      "its progress is a symbolic link",
      (folder, elsewhere) => replace(join(folder, "progress"), (path) => symlinkSync(elsewhere, path)),
      "'progress' in it is a symbolic link",
    ],
    [
      "a segment is a symbolic link",
      (folder, elsewhere) => symlinkSync(elsewhere, join(folder, "0000000007.spool")),
      "'0000000007.spool' in it is a symbolic link",
    ],
    [
      "the folder of its dead is a symbolic link",
      (folder, elsewhere) => symlinkSync(join(elsewhere, ".."), join(folder, "dead")),
      "'dead' in it is a symbolic link",
    ],
    [
      "its progress has another name elsewhere",
      (folder, elsewhere) => replace(join(folder, "progress"), (path) => linkSync(elsewhere, path)),
      "'progress' in it has another name elsewhere",
    ],
    [
      "it is a symbolic link",
      (folder) => {
        renameSync(folder, `${folder}-moved`);
        symlinkSync(`${folder}-moved`, folder);
      },
      "it is a symbolic link",
    ],
    ["a segment is a folder", (folder) => mkdirSync(join(folder, "0000000007.spool")), "cannot be used"],
  ];

  test.each(bad)("%s", async (_what, spoil, message) => {
    await using folder = await makeTemporaryFolder();
    const elsewhere = folder.file("elsewhere");
    writeFileSync(elsewhere, outside);
    const [first = "", second = ""] = leave(folder, 2);
    spoil(first, elsewhere);
    const { names, told } = claim(folder.path);
    expect(names).toContain(basename(second));
    expect(names).not.toContain(basename(first));
    expect(told).toEqual([expect.stringContaining(`the spool '${first}' cannot be used`)]);
    expect(told[0]).toContain(message);
    // A new sender has another place, and what the link leads to is as it was.
    const own = claimEmptySpool(options(folder.path));
    expect(own.folder).not.toBe(first);
    own.close();
    expect(readFileSync(elsewhere, "utf8")).toBe(outside);
  });

  test.skipIf(statSync("/proc/self", { throwIfNoEntry: false })?.uid !== 0)(
    "it, or a file in it, belongs to another user",
    async () => {
      await using folder = await makeTemporaryFolder();
      const [first = "", second = "", third = ""] = leave(folder, 3);
      chownSync(first, 65534, 65534);
      chownSync(join(second, "progress"), 65534, 65534);
      const { names, told } = claim(folder.path);
      expect(names).toEqual([basename(third)]);
      expect(told).toEqual([
        expect.stringContaining(`'${first}' cannot be used: it belongs to another user`),
        expect.stringContaining(`'${second}' cannot be used: 'progress' in it belongs to another user`),
      ]);
    },
  );
});

describe("a spool whose label cannot be read", () => {
  test("is seen, and delivered to the collector that it is named after once somebody says so", async () => {
    await using folder = await makeTemporaryFolder();
    const [first = "", second = ""] = leave(folder, 2);
    writeFileSync(join(first, "spool.json"), new Uint8Array(200));
    rmSync(join(second, "spool.json"));
    expect([listSpoolFolders(folder.path), listUnlabelled(folder.path)]).toEqual([[], [first, second]]);
    adoptUnlabelled({ base: folder.path, connection: { ...connection, baseUrl: "http://logs.test" } });
    expect(listUnlabelled(folder.path, connection.baseUrl)).toEqual([first, second]);
    adoptUnlabelled({ base: folder.path, connection });
    expect(claim(folder.path).names).toEqual([basename(first), basename(second)]);
  });

  test("is not one in which nothing waits, such as one that is being made", async () => {
    await using folder = await makeTemporaryFolder();
    mkdirSync(folder.file("_1_8000-1"));
    expect(listUnlabelled(folder.path)).toEqual([]);
  });

  test("is not one of an earlier logctl, which is labelled anew when it is used", async () => {
    await using folder = await makeTemporaryFolder();
    const [first = ""] = leave(folder, 1);
    writeFileSync(join(first, "spool.json"), '{"url":"http://[::1]:8000","token_digest":"mine"}\n');
    expect(claim(folder.path).names).toEqual([basename(first)]);
    expect(readFileSync(join(first, "spool.json"), "utf8").trim().split("\n")).toHaveLength(2);
  });
});

describe("what others could write to", () => {
  test("they no longer can, where it is this user's", async () => {
    await using folder = await makeTemporaryFolder();
    const [first = ""] = leave(folder, 1);
    for (const name of ["lock", "progress", "spool.json", "0000000001.spool"]) chmodSync(join(first, name), 0o666);
    chmodSync(first, 0o777);
    expect(claim(folder.path)).toEqual({ names: [basename(first)], told: [] });
    expect(statSync(first).mode & 0o777).toBe(0o700);
    for (const name of ["lock", "progress", "spool.json", "0000000001.spool"]) {
      const path = join(first, name);
      if (existsSync(path)) expect([name, statSync(path).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  test("is no place for spools, unless each there can only change what is his own", async () => {
    await using folder = await makeTemporaryFolder();
    const base = folder.file("shared");
    mkdirSync(base);
    chmodSync(base, 0o1777);
    makeSpoolBase("--spool", base);
    expect(statSync(base).mode & 0o7777).toBe(0o1777);
    chmodSync(base, 0o775);
    makeSpoolBase("--spool", base);
    expect(statSync(base).mode & 0o7777).toBe(0o755);
  });
});
