import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { lockForProcess, lockHolder } from "../../../src/lock/process-lock.ts";
import { holderBySqlite, lockBySqlite } from "../../../src/lock/sqlite-lock.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const CONTENTS = [new Uint8Array(8192), "", "no database, but some text ".repeat(9)];

function releaseOf(lock: ReturnType<typeof lockBySqlite>): () => void {
  if (!("release" in lock)) throw new Error("the lock was not given");
  return lock.release;
}

/** What a program says that is another process; `asked` is an expression. */
function askElsewhere(asked: string): unknown {
  const import_ = (name: string) => JSON.stringify(Bun.resolveSync(`../../../src/lock/${name}.ts`, import.meta.dir));
  const imports = `import { lockForProcess, lockHolder } from ${import_("process-lock")}; import { lockBySqlite } from ${import_("sqlite-lock")};`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", `${imports} console.log(JSON.stringify(${asked} ?? null))`]);
  return JSON.parse(stdout.toString());
}

describe("the lock for systems without a better one", () => {
  test("is given once, whatever its file has in it, and says who has it", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("lock");
    for (const content of CONTENTS) {
      await writeFile(path, content);
      expect(holderBySqlite(path)).toBeUndefined();
      const release = releaseOf(lockBySqlite(path, 4711));
      expect([lockBySqlite(path, 2), holderBySqlite(path)]).toEqual([{ holder: 4711 }, 4711]);
      release();
      expect(holderBySqlite(path)).toBeUndefined();
    }
  });

  test("and the kernel's keep each other out, as an earlier version and this one", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("lock");
    const quoted = JSON.stringify(path);
    const ofKernel = releaseOf(lockForProcess(path, 4711));
    expect(askElsewhere(`lockBySqlite(${quoted}, 2)`)).toEqual({});
    ofKernel();
    const ofSqlite = releaseOf(lockBySqlite(path, process.pid));
    expect(askElsewhere(`lockForProcess(${quoted}, 2)`)).toEqual({ holder: process.pid });
    expect(askElsewhere(`lockHolder(${quoted})`)).toBe(process.pid);
    ofSqlite();
    expect(lockHolder(path)).toBeUndefined();
  });
});
