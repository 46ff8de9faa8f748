import { chmodSync, closeSync, openSync, statSync } from "node:fs";

/**
 * Makes an empty file that only its owner may read and write, from its first moment on, and says whether it did; one that
 * exists stays as it is. That one is not even opened: closing it would take from this process the locks that SQLite holds on it (POSIX).
 */
export function makePrivateFile(path: string): boolean {
  try {
    closeSync(openSync(path, "ax", 0o600));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  }
}

/** Takes from a file, where there is one, what others than its owner may do with it. */
export function keepPrivate(path: string): void {
  if (!isPrivate(path)) chmodSync(path, 0o600);
}

/** Whether nobody but its owner may do anything with a file; so it is with one that is not there. */
export function isPrivate(path: string): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) === 0;
}

/**
 * Whether the database at `path` and its WAL are still the files that were there at the time of the call, when it was open:
 * files that were deleted can be written to, and read, for ever.
 */
export function watchDatabase(path: string): () => boolean {
  const files = [watchFile(path), watchFile(`${path}-wal`)];
  return () => files.every((isInPlace) => isInPlace());
}

function watchFile(path: string): () => boolean {
  const { dev, ino } = statSync(path);
  return () => {
    const now = statSync(path, { throwIfNoEntry: false });
    return now?.dev === dev && now.ino === ino;
  };
}
