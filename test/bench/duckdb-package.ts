import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { NotAvailable } from "./not-available.ts";

/** DuckDB's npm package; its own dependencies are pinned by it. */
const NAME = "@duckdb/node-api";
const VERSION = "1.5.6-r.1";

/** What is used of the package. Written down here, since the package is not installed where its types could be read. */
export type DuckDbModule = {
  DuckDBInstance: { create(path: string, options: Record<string, string>): Promise<DuckDbInstance> };
};
type DuckDbInstance = { connect(): Promise<DuckDbConnection>; closeSync(): void };
type DuckDbConnection = { runAndReadAll(sql: string): Promise<{ getRowsJson(): unknown[][] }>; closeSync(): void };

/**
 * The path to import DuckDB from, installed on the first call into a cache folder of the user's. It is no dependency of
 * this package: 70 MB of native code that only this benchmark wants would come with every build from source. Throws
 * `NotAvailable` where it cannot be installed.
 */
export async function installDuckDb(progress: (text: string) => void): Promise<string> {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "logctl-bench");
  const folder = join(cache, `duckdb-${VERSION}`);
  if (!existsSync(folder)) {
    progress(`installing ${NAME}@${VERSION} into ${folder}`);
    mkdirSync(cache, { recursive: true });
    // Renamed when it is complete, so that an install that was broken off is never taken for one.
    const partial = mkdtempSync(`${folder}-`);
    try {
      await addPackage(partial);
      renameSync(partial, folder);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  return Bun.resolveSync(NAME, folder);
}

async function addPackage(folder: string): Promise<void> {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name: "logctl-bench-duckdb", private: true })}\n`);
  const command = [process.execPath, "add", "--exact", `${NAME}@${VERSION}`];
  const child = Bun.spawn(command, { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [errors, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new NotAvailable(`${NAME}@${VERSION} could not be installed: ${errors.trim()}`);
}
