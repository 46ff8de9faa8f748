import { dlopen, FFIType } from "bun:ffi";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type FileSystem = "ext4" | "xfs";

/** A file system of its own that can lose its power: what was not synced before is gone then. */
export type VolatileDisk = AsyncDisposable & {
  /** Where it is mounted. */
  folder: string;
  /** Cuts its power: whatever is written from now on fails, and what was not on the disk never gets there. */
  cut(): void;
  /** Mounts it again as it was when its power was cut. Nobody may have a file on it open. */
  remount(): void;
};

const SIZE = 400 * 1024 * 1024;
/** FS_IOC_SHUTDOWN of linux/fs.h, which both file systems know, and its flag by which not even the log is written. */
const SHUTDOWN = 0x8004587d;
const NO_LOG_FLUSH = 2;

/** Why there can be no such disk here; undefined where there can. */
export function whyNoDisk(kind: FileSystem): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "it takes root on Linux";
  if (Bun.which(`mkfs.${kind}`) === null) return `mkfs.${kind} is missing`;
  return Bun.spawnSync(["losetup", "--find"]).success ? undefined : "there are no loop devices";
}

export async function openVolatileDisk(kind: FileSystem): Promise<VolatileDisk> {
  const place = await mkdtemp(join(tmpdir(), "logctl-disk-"));
  const image = join(place, "image");
  const folder = join(place, "disk");
  await mkdir(folder);
  const file = await open(image, "w");
  await file.truncate(SIZE);
  await file.close();
  run(`mkfs.${kind}`, "-q", image);
  const mount = () => run("mount", "-o", "loop", image, folder);
  mount();
  return {
    folder,
    cut: () => shutDown(folder),
    remount() {
      run("umount", folder);
      mount();
    },
    async [Symbol.asyncDispose]() {
      run("umount", folder);
      await rm(place, { recursive: true });
    },
  };
}

function run(...command: string[]): void {
  const { success, stderr } = Bun.spawnSync(command);
  if (!success) throw new Error(`${command.join(" ")}: ${stderr}`);
}

function shutDown(folder: string): void {
  const { symbols, close } = dlopen("libc.so.6", {
    open: { args: [FFIType.cstring, FFIType.i32], returns: FFIType.i32 },
    ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
    close: { args: [FFIType.i32], returns: FFIType.i32 },
  });
  try {
    const descriptor = symbols.open(Buffer.from(`${folder}\0`), 0);
    const failed = symbols.ioctl(descriptor, SHUTDOWN, Uint32Array.of(NO_LOG_FLUSH)) !== 0;
    symbols.close(descriptor);
    if (failed) throw new Error(`the power of ${folder} cannot be cut`);
  } finally {
    close();
  }
}
