import { describe, expect, test } from "bun:test";
import { chmod, rename, stat, unlink } from "node:fs/promises";
import { keepPrivate, makePrivateFile, watchDatabase } from "../../../../../src/store/blocks/file/private-file.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe("a private file", () => {
  test("is made empty, for its owner only; one that exists stays as it is", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("f");
    makePrivateFile(path);
    expect([await modeOf(path), (await stat(path)).size]).toEqual([0o600, 0]);
    await Bun.write(path, "text");
    await chmod(path, 0o644);
    makePrivateFile(path);
    expect([await modeOf(path), await Bun.file(path).text()]).toEqual([0o644, "text"]);
    keepPrivate(path);
    expect(await modeOf(path)).toBe(0o600);
    expect(() => makePrivateFile(folder.file("missing/f"))).toThrow("ENOENT");
  });

  test("is watched, and its WAL too: one that was deleted or replaced is no more the one it was", async () => {
    await using folder = await makeTemporaryFolder();
    const path = folder.file("f");
    makePrivateFile(path);
    makePrivateFile(`${path}-wal`);
    const isInPlace = watchDatabase(path);
    await Bun.write(Bun.file(path), "more");
    expect(isInPlace()).toBe(true);
    makePrivateFile(folder.file("other"));
    await rename(path, folder.file("elsewhere"));
    expect(isInPlace()).toBe(false);
    await rename(folder.file("other"), path);
    expect(isInPlace()).toBe(false);
    await unlink(path);
    await rename(folder.file("elsewhere"), path);
    expect(isInPlace()).toBe(true);
    await unlink(`${path}-wal`);
    expect(isInPlace()).toBe(false);
  });
});
