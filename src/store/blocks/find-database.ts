import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LogctlError } from "../../errors.ts";
import { checkFile } from "./file/check-file.ts";

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * The file that is meant by the name of a database. Where that is a symbolic link it is followed here, once: SQLite keeps the
 * write-ahead log beside the file that a link leads to, and so must everything else. A link may lead to where there is no
 * database yet; then it is made there. Throws `database_unusable` for what is not a file, and can never be a database.
 */
export function resolveDatabase(path: string): string {
  if (path === "" || path === ":memory:") throw noFile(path, "no file");
  let file = path;
  for (let links = 0; lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink(); links += 1) {
    if (links === MAX_LINKS) throw noFile(path, "a symbolic link that leads back to itself");
    file = resolve(realpathSync(dirname(file)), readlinkSync(file));
  }
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw noFile(path, found.isDirectory() ? "a folder" : "a device or a pipe");
  return file;
}

/** The same of a database that must be there. Throws `database_unusable` where it is not, and makes nothing. */
export function findDatabase(path: string): string {
  const file = resolveDatabase(path);
  if (existsSync(file)) return file;
  // It may have been there.
  checkFile(file);
  throw new LogctlError("database_unusable", `there is no database '${file}'; name another file by --db`);
}

function noFile(path: string, what: string): LogctlError {
  return new LogctlError("database_unusable", `'${path}' is ${what}: a database is a file; name one by --db`);
}
