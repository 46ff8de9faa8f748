import { closeSync, existsSync, fstatSync, openSync, statSync } from "node:fs";
import { type ByteLocks, byteLocks } from "./byte-lock.ts";
import type { LockHolder, ProcessLock } from "./lock-holder.ts";
import { holderBySqlite, lockBySqlite } from "./sqlite-lock.ts";

/** The byte of a file on which SQLite locks out others who write (https://sqlite.org/src/file/src/os.h, RESERVED_BYTE). */
const RESERVED_BYTE = 0x4000_0001n;
/** Far behind the bytes that SQLite locks, and behind the end of any file. */
const OWN_BYTE = 1n << 62n;
/** Who holds a lock locks the byte behind this one that has the number of its process: so the kernel knows the name, and no file. */
const NAME_BYTE = OWN_BYTE + 1n;
const NAMES = 1n << 32n;
/** What is replaced so often is watched by who opens it. */
const ATTEMPTS = 10;

/**
 * Locks for this process what the lock file at `path` stands for, or says who has it. What is in the file does not matter,
 * and nothing is written to it; the kernel takes the lock back however the process ends. Where the kernel has no such locks,
 * it is an SQLite write lock on the same byte, as earlier versions took it: all of them keep each other out. The file must be
 * there, or a place to make it. Throws where it cannot be used.
 */
export function lockForProcess(path: string, pid: number): ProcessLock | LockHolder {
  return lockByte(path, "a+", RESERVED_BYTE, pid) ?? lockBySqlite(path, pid);
}

/**
 * Locks for this process a file itself, by a byte that SQLite never locks, or says who has it. Undefined where the kernel has
 * no such locks. The file must be there. Releasing the lock closes a descriptor of it: no connection of SQLite to it may be
 * open in this process by then, since it would lose its own locks (POSIX).
 */
export function lockFileItself(path: string, pid: number): ProcessLock | LockHolder | undefined {
  for (let attempt = 1; ; attempt += 1) {
    const lock = lockByte(path, "r+", OWN_BYTE, pid);
    if (lock === undefined || !("release" in lock)) return lock;
    const now = statSync(path, { throwIfNoEntry: false });
    if ((lock.ino === now?.ino && lock.dev === now.dev) || attempt === ATTEMPTS) return lock;
    // Another file was put in its place meanwhile.
    lock.release();
  }
}

/** Who has the lock on a lock file; undefined where nobody does, or that cannot be told. Throws where it is no file. */
export function lockHolder(path: string): number | undefined {
  const locks = byteLocks();
  if (locks === undefined) return holderBySqlite(path);
  if (!existsSync(path)) return undefined;
  const descriptor = openSync(path, "r");
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error(`'${path}' is no file`);
    return holderOf(locks, descriptor, RESERVED_BYTE);
  } finally {
    closeSync(descriptor);
  }
}

type OpenLock = ProcessLock & { ino: number; dev: number };

function lockByte(path: string, mode: "a+" | "r+", at: bigint, pid: number): OpenLock | LockHolder | undefined {
  const locks = byteLocks();
  if (locks === undefined) return undefined;
  const descriptor = openSync(path, mode, 0o600);
  let isTaken: boolean | undefined;
  let holder: number | undefined;
  try {
    isTaken = locks.take(descriptor, at);
    if (isTaken === true) locks.take(descriptor, NAME_BYTE + BigInt(pid));
    else if (isTaken === false) holder = holderOf(locks, descriptor, at);
  } finally {
    if (isTaken !== true) closeSync(descriptor);
  }
  if (isTaken !== true) return isTaken === false ? { holder } : undefined;
  const { ino, dev } = fstatSync(descriptor);
  return { ino, dev, release: () => closeSync(descriptor) };
}

function holderOf(locks: ByteLocks, descriptor: number, at: bigint): number | undefined {
  const held = locks.find(descriptor, at, 1n);
  if (held === undefined) return undefined;
  const name = locks.find(descriptor, NAME_BYTE, NAMES);
  // Of an SQLite lock, such as an earlier version takes, the kernel knows the process.
  return name === undefined ? held.pid : Number(name.at - NAME_BYTE);
}
