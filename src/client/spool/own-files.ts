import { chmodSync, constants, lstatSync, openSync, readdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = constants;

const FLAGS = { read: O_RDONLY, update: O_RDWR | O_CREAT, add: O_WRONLY | O_APPEND | O_CREAT, make: O_WRONLY | O_CREAT | O_EXCL };

/**
 * Opens a file that is its owner's only. No symbolic link is followed, as it could lead to a file that has nothing to do with
 * this. `update` and `add` make it where it is not there, `make` fails with EEXIST where it is.
 */
export function openOwnFile(path: string, to: keyof typeof FLAGS = "read"): number {
  return openSync(path, FLAGS[to] | O_NOFOLLOW, 0o600);
}

/**
 * Sees to it that nobody but this user can do anything with a folder, the files in it and in its folders. Modes are mended;
 * throws, with a reason, for what belongs to another user or is a symbolic link: what others could write is not to be relied on.
 */
export function keepToOwner(folder: string): void {
  const uid = ownUid();
  keepOne(folder, "it", uid);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    // Who works on the folder takes files away at any time.
    if (stats?.isDirectory()) keepToOwner(path);
    else if (stats !== undefined) keepOne(path, `'${name}' in it`, uid);
  }
}

/** Whether a folder, and not a symbolic link to one, is this user's. */
export function isOwnFolder(path: string): boolean {
  const stats = lstatSync(path);
  return stats.isDirectory() && stats.uid === ownUid();
}

function keepOne(path: string, name: string, uid: number): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isSymbolicLink()) throw new Error(`${name} is a symbolic link`);
  if (!stats.isDirectory() && !stats.isFile()) throw new Error(`${name} is no file`);
  if (stats.isFile() && stats.nlink > 1) throw new Error(`${name} has another name elsewhere`);
  if (stats.uid !== uid) throw new Error(`${name} belongs to another user`);
  if ((stats.mode & 0o077) !== 0) chmodSync(path, stats.mode & 0o700);
}

/** This user's number. A user without a name, as in many containers, is known by what the kernel says of this process. */
function ownUid(): number {
  return statSync("/proc/self", { throwIfNoEntry: false })?.uid ?? userInfo().uid;
}
