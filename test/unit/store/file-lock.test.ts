import { describe, expect, test } from "bun:test";
import { mkdir, stat } from "node:fs/promises";
import { LogctlError } from "../../../src/errors.ts";
import { lockDatabase } from "../../../src/store/file-lock.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

function refusalOf(path: string, pid: number): LogctlError {
  try {
    lockDatabase(path, pid).release();
  } catch (error) {
    if (error instanceof LogctlError) return error;
    throw error;
  }
  throw new Error("the lock was given");
}

/** A program that takes the lock and then does `work`. */
function lockInChild(path: string, work: string): string {
  const module = JSON.stringify(Bun.resolveSync("../../../src/store/file-lock.ts", import.meta.dir));
  return `import { lockDatabase } from ${module}; globalThis.lock = lockDatabase(${JSON.stringify(path)}, process.pid); ${work}`;
}

describe("the lock on a database", () => {
  test("is given once; who comes second is told who has it", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const lock = lockDatabase(path, 4711);
    const refusal = refusalOf(path, 4712);
    expect(refusal.code).toBe("database_unusable");
    expect(refusal.message).toContain(path);
    expect(refusal.message).toContain("in use by process 4711");
    expect(refusal.message).not.toContain("4712");
    // Who was refused has changed nothing.
    expect(refusalOf(path, 4713).message).toContain("process 4711");
    lock.release();
  });

  test("is free after its release, and names whoever takes it next", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    lockDatabase(path, 1).release();
    const second = lockDatabase(path, 2);
    expect(refusalOf(path, 3).message).toContain("process 2;");
    second.release();
    lockDatabase(path, 3).release();
  });

  test("on one database does not keep anyone from another", async () => {
    await using folder = await makeTemporaryFolder();
    const first = lockDatabase(folder.file("a.db"), 1);
    const second = lockDatabase(folder.file("b.db"), 1);
    expect(refusalOf(folder.file("a.db"), 2).message).toContain("a.db");
    first.release();
    second.release();
  });

  test("lies beside the database, for its owner only, and makes no database", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const lock = lockDatabase(path, 1);
    expect((await stat(`${path}-lock`)).mode & 0o777).toBe(0o600);
    expect(await Bun.file(path).exists()).toBe(false);
    lock.release();
  });

  test("stays with its process when that one itself asks for it again", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const lock = lockDatabase(path, 1);
    expect(refusalOf(path, 2).message).toContain("process 1;");
    // Locks of this kind are a process's: one that closed the file by another way would have lost them.
    const { stdout } = Bun.spawnSync([process.execPath, "-e", lockInChild(path, "console.log('given')")], { stderr: "ignore" });
    expect(stdout.toString()).toBe("");
    lock.release();
  });

  test("is free once its holder was killed", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("logs.db");
    const hold = "console.log('held'); setInterval(() => {}, 1000)";
    await using child = Bun.spawn([process.execPath, "-e", lockInChild(path, hold)], { stdout: "pipe", stderr: "inherit" });
    for await (const _ of child.stdout) break;
    expect(refusalOf(path, 1).message).toContain(`in use by process ${child.pid}`);
    child.kill("SIGKILL");
    await child.exited;
    lockDatabase(path, 1).release();
  });

  test("cannot be had where its file cannot be made, and the database is named", async () => {
    await using folder = await makeTemporaryFolder();
    const missing = folder.file("missing/logs.db");
    expect(refusalOf(missing, 1)).toMatchObject({ code: "database_unusable", message: expect.stringContaining(missing) });
    await mkdir(folder.file("logs.db-lock"));
    const path = folder.file("logs.db");
    expect(refusalOf(path, 1)).toMatchObject({ code: "database_unusable", message: expect.stringContaining(path) });
  });
});
