import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Whether there is such a program; a test that needs it is skipped otherwise, and says so. */
export function hasProgram(name: string): boolean {
  if (Bun.which(name) !== null) return true;
  console.warn(`there is no ${name} here: what needs it is not tested`);
  return false;
}

export const isRoot = process.getuid?.() === 0;

/** The library that makes fsync fail or slow. */
export const compileFsyncFaults = (folder: string) => compileFixture(folder, "fsync-faults");

/** A library of `test/fixtures`, compiled; undefined where there is no C compiler. */
export function compileFixture(folder: string, name: string): string | undefined {
  if (!hasProgram("cc")) return undefined;
  const library = join(folder, `${name}.so`);
  const source = resolve(import.meta.dir, `../fixtures/${name}.c`);
  const { exitCode, stderr } = Bun.spawnSync(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`the library does not compile: ${stderr}`);
  return library;
}

export type SmallDisk = Disposable & { folder: string; resize(megabytes: number): void };

/** A disk of so many MB in memory; undefined where nobody may mount one. */
export function mountDisk(megabytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "logctl-disk-"));
  const mount = (options: string) => Bun.spawnSync(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]).exitCode === 0;
  if (!mount(`size=${megabytes}m`)) {
    rmSync(folder, { recursive: true });
    console.warn("no disk can be mounted here: what needs a full one is not tested");
    return undefined;
  }
  return {
    folder,
    resize(to) {
      if (!mount(`remount,size=${to}m`)) throw new Error("the disk cannot be resized");
    },
    [Symbol.dispose]() {
      Bun.spawnSync(["umount", "-l", folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
