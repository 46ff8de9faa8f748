import { describe, expect, test } from "bun:test";
import { link, mkdir, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { platform } from "node:os";
import { LogctlError } from "../../../../../src/errors.ts";
import { lockDatabase } from "../../../../../src/store/blocks/file/file-lock.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

function refusalOf(path: string, pid: number): LogctlError {
  try {
    lockDatabase(path, pid).release();
  } catch (error) {
    if (error instanceof LogctlError) return error;
    throw error;
  }
  throw new Error("the lock was given");
}

/** Where a database is: the lock is on its file. */
async function makeDatabase() {
  const folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  await writeFile(path, "");
  return { path, folder, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** A program that takes the lock and then does `work`. */
function lockInChild(path: string, work: string): string {
  const module = JSON.stringify(Bun.resolveSync("../../../../../src/store/blocks/file/file-lock.ts", import.meta.dir));
  return `import { lockDatabase } from ${module}; globalThis.lock = lockDatabase(${JSON.stringify(path)}, process.pid); ${work}`;
}

describe("the lock on a database", () => {
  test("is given once; who comes second is told who has it", async () => {
    await using database = await makeDatabase();
    const { path } = database;
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
    await using database = await makeDatabase();
    const { path } = database;
    lockDatabase(path, 1).release();
    const second = lockDatabase(path, 2);
    expect(refusalOf(path, 3).message).toContain("process 2;");
    second.release();
    lockDatabase(path, 3).release();
  });

  test("on one database does not keep anyone from another", async () => {
    await using a = await makeDatabase();
    await using b = await makeDatabase();
    const first = lockDatabase(a.path, 1);
    const second = lockDatabase(b.path, 1);
    expect(refusalOf(a.path, 2).message).toContain(a.path);
    first.release();
    second.release();
  });

  test("lies beside the database too, for its owner only", async () => {
    await using database = await makeDatabase();
    const { path } = database;
    const lock = lockDatabase(path, 1);
    expect((await stat(`${path}-lock`)).mode & 0o777).toBe(0o600);
    lock.release();
  });

  test("stays with its process when that one itself asks for it again", async () => {
    await using database = await makeDatabase();
    const { path } = database;
    const lock = lockDatabase(path, 1);
    expect(refusalOf(path, 2).message).toContain("process 1;");
    // One that closed the file by another way would have lost locks of POSIX.
    const { stdout } = Bun.spawnSync([process.execPath, "-e", lockInChild(path, "console.log('given')")], { stderr: "ignore" });
    expect(stdout.toString()).toBe("");
    lock.release();
  });

  test("is free once its holder was killed", async () => {
    await using database = await makeDatabase();
    const { path } = database;
    const hold = "console.log('held'); setInterval(() => {}, 1000)";
    await using child = Bun.spawn([process.execPath, "-e", lockInChild(path, hold)], { stdout: "pipe", stderr: "inherit" });
    for await (const _ of child.stdout) break;
    expect(refusalOf(path, 1).message).toContain(`in use by process ${child.pid}`);
    child.kill("SIGKILL");
    await child.exited;
    lockDatabase(path, 1).release();
  });

  test("cannot be had where there is no file, and the database is named", async () => {
    await using database = await makeDatabase();
    const missing = database.folder.file("missing/logs.db");
    expect(refusalOf(missing, 1)).toMatchObject({ code: "database_unusable", message: expect.stringContaining(missing) });
  });

  test("does not depend on what its file has in it", async () => {
    await using database = await makeDatabase();
    const { path } = database;
    for (const content of [new Uint8Array(8192), "", "1234\n", crypto.getRandomValues(new Uint8Array(5000))]) {
      await writeFile(`${path}-lock`, content);
      const lock = lockDatabase(path, 4711);
      expect(refusalOf(path, 2).message).toContain("process 4711;");
      // Somebody empties it, or writes to it, while it is held.
      await truncate(`${path}-lock`);
      expect(refusalOf(path, 2).message).toContain("process 4711;");
      await writeFile(`${path}-lock`, "stale?");
      expect(refusalOf(path, 2).message).toContain("process 4711;");
      lock.release();
    }
  });

  test.if(platform() === "linux")(
    "is kept by the database's own file when its lock file is removed or cannot be used",
    async () => {
      await using database = await makeDatabase();
      const { path, folder } = database;
      const lock = lockDatabase(path, 4711);
      await rm(`${path}-lock`);
      expect(refusalOf(path, 2).message).toContain("process 4711;");
      // By another name it is the same file, though that name has a lock file of its own.
      await link(path, folder.file("other.db"));
      expect(refusalOf(folder.file("other.db"), 2).message).toContain("process 4711;");
      lock.release();
      await rm(`${path}-lock`, { force: true });
      await mkdir(`${path}-lock`);
      const again = lockDatabase(path, 4712);
      expect(refusalOf(path, 2).message).toContain("process 4712;");
      again.release();
    },
  );

  test("is kept by its lock file when the database is removed", async () => {
    await using database = await makeDatabase();
    const { path } = database;
    const lock = lockDatabase(path, 4711);
    await rm(path);
    await writeFile(path, "");
    expect(refusalOf(path, 2).message).toContain("process 4711;");
    lock.release();
  });

  test("writes nothing: no file beside the database has anything in it", async () => {
    await using database = await makeDatabase();
    const lock = lockDatabase(database.path, 1);
    const names = await readdir(database.folder.path);
    expect(names.sort()).toEqual(["logs.db", "logs.db-lock"]);
    for (const name of names) expect((await stat(database.folder.file(name))).size).toBe(0);
    lock.release();
  });
});
