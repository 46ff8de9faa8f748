import { dlopen, FFIType } from "bun:ffi";
import { platform } from "node:os";

/**
 * Locks on single bytes of a file, which belong to the descriptor they were taken with ("open file description locks",
 * fcntl(2), F_OFD_SETLK): the kernel keeps them with the file itself, whatever its name or contents, and gives them back when
 * the descriptor is closed or the process ends in any way. Closing another descriptor of the same file does not end them, as
 * it does with those of POSIX that SQLite takes; both exclude each other on the same byte, and meet on no other.
 */
export type ByteLocks = {
  /** Takes the lock on a byte; false where somebody else has it, undefined where such locks cannot be had of this file. */
  take(descriptor: number, at: bigint): boolean | undefined;
  /** The first lock of somebody else within so many bytes, and which process has it where the kernel can tell. */
  find(descriptor: number, at: bigint, bytes: bigint): { at: bigint; pid: number | undefined } | undefined;
};

const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const F_UNLCK = 2;
/** `struct flock` of 64-bit Linux: type at 0, whence at 2, start at 8, length at 16, process at 24. */
const STRUCT_BYTES = 32;
/** The C library of most systems, and of those that have musl. */
const LIBRARIES = ["libc.so.6", "libc.so"];

let known: ByteLocks | null | undefined;

/** Undefined where there are none: on other systems than Linux, or where its C library cannot be called. */
export function byteLocks(): ByteLocks | undefined {
  if (known === undefined) known = openByteLocks() ?? null;
  return known ?? undefined;
}

function openByteLocks(): ByteLocks | undefined {
  const fcntl = platform() === "linux" ? openFcntl() : undefined;
  if (fcntl === undefined) return undefined;
  const find: ByteLocks["find"] = (descriptor, at, bytes) => {
    const lock = describeLock(at, bytes);
    if (fcntl(descriptor, F_OFD_GETLK, lock) !== 0 || lock.getInt16(0, true) === F_UNLCK) return undefined;
    const pid = lock.getInt32(24, true);
    return { at: lock.getBigInt64(8, true), pid: pid > 0 ? pid : undefined };
  };
  return {
    find,
    take(descriptor, at) {
      const attempt = () => fcntl(descriptor, F_OFD_SETLK, describeLock(at, 1n)) === 0;
      if (attempt()) return true;
      if (find(descriptor, at, 1n) !== undefined) return false;
      // Whoever had it may have let go of it in between.
      return attempt() || undefined;
    },
  };
}

function describeLock(at: bigint, bytes: bigint): DataView {
  const lock = new DataView(new ArrayBuffer(STRUCT_BYTES));
  lock.setInt16(0, F_WRLCK, true);
  lock.setBigInt64(8, at, true);
  lock.setBigInt64(16, bytes, true);
  return lock;
}

function openFcntl(): ((descriptor: number, command: number, lock: DataView) => number) | undefined {
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, {
        fcntl: { args: [FFIType.i32, FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
      });
      return (descriptor, command, lock) => symbols.fcntl(descriptor, command, new Uint8Array(lock.buffer));
    } catch {
      // The next one, or none.
    }
  }
  return undefined;
}
