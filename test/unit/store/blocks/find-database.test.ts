import { describe, expect, test } from "bun:test";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { findDatabase, resolveDatabase } from "../../../../src/store/blocks/find-database.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

function refusal(message: string) {
  return expect.objectContaining({ code: "database_unusable", message: expect.stringContaining(message) });
}

describe("the name of a database", () => {
  test("is the file it leads to, by however many links, from their own folders", async () => {
    await using folder = await makeTemporaryFolder();
    const at = await realpath(folder.path);
    await mkdir(`${at}/data/deep`, { recursive: true });
    await writeFile(`${at}/data/logs.db`, "");
    await symlink("../logs.db", `${at}/data/deep/relative.db`);
    await symlink(`${at}/data/deep/relative.db`, `${at}/absolute.db`);
    await symlink("data/deep", `${at}/folder`);
    for (const name of ["data/logs.db", "data/deep/relative.db", "absolute.db", "folder/relative.db"])
      expect(findDatabase(`${at}/${name}`)).toBe(`${at}/data/logs.db`);
    // What is no link stays as it was said.
    expect(resolveDatabase("./logs.db")).toBe("./logs.db");
  });

  test("may be a link to where there is none yet, but none that leads to itself", async () => {
    await using folder = await makeTemporaryFolder();
    const at = await realpath(folder.path);
    await symlink("new.db", `${at}/link.db`);
    expect(resolveDatabase(`${at}/link.db`)).toBe(`${at}/new.db`);
    expect(() => findDatabase(`${at}/link.db`)).toThrow(
      refusal(`there is no database '${at}/new.db'; name another file by --db`),
    );
    await symlink("b.db", `${at}/a.db`);
    await symlink("a.db", `${at}/b.db`);
    expect(() => resolveDatabase(`${at}/a.db`)).toThrow(refusal(`'${at}/a.db' is a symbolic link that leads back to itself`));
  });

  test("that is no file is refused in one sentence", async () => {
    await using folder = await makeTemporaryFolder();
    const pipe = folder.file("pipe");
    Bun.spawnSync(["mkfifo", pipe]);
    await symlink(folder.path, folder.file("link"));
    for (const [name, what] of [
      [":memory:", "no file"],
      ["", "no file"],
      ["/dev/null", "a device or a pipe"],
      [pipe, "a device or a pipe"],
      [folder.path, "a folder"],
      [folder.file("link"), "a folder"],
    ] as const)
      expect(() => resolveDatabase(name)).toThrow(refusal(`'${name}' is ${what}: a database is a file; name one by --db`));
  });
});
