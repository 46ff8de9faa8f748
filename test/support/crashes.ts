import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { groupsAnswerSchema } from "../../src/schema/api.ts";
import { BINARY, environment, eventually, startCollector } from "./binary.ts";
import { type FileSystem, openVolatileDisk, type VolatileDisk } from "./volatile-disk.ts";

export type CrashLoad = {
  /** How the collector goes down: by SIGKILL, or with the power of the file system it writes to. */
  by: "kill" | FileSystem;
  crashes: number;
  /** Another build of the collector. */
  binary?: string;
};

/** What `simulate --verify` said of all records together. It ends with 130 where Ctrl-C came while a request was unanswered. */
export type CrashReport = { acknowledged: number; lost: number; doubled: number; exitCodes: (number | null)[] };

const SENDERS = 4;
const BATCH = 20;
const ROOT = resolve(import.meta.dir, "../..");
const VERIFIED = /of (\d+) records? acknowledged \d+ are stored once, (\d+) lost, (\d+) doubled/;

/** Several `simulate --verify` send without a pause, and the collector crashes again and again at moments of no choice. */
export async function crashUnderLoad({ by, crashes, binary = BINARY }: CrashLoad): Promise<CrashReport> {
  await using disk: VolatileDisk | undefined = by === "kill" ? undefined : await openVolatileDisk(by);
  await using collector = await startCollector([], { binary, ...(disk && { folder: disk.folder }) });
  const { url } = collector;
  const senders = Array.from({ length: SENDERS }, () => {
    const args = ["--url", url, "--mode=batch", `--batch-size=${BATCH}`, "--interval=0", "--verify"];
    return Bun.spawn([BINARY, "simulate", ...args], { env: environment(), stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  });
  const said = senders.map(({ stderr }) => new Response(stderr).text());
  try {
    // A collector that was never there is taken for a mistake, and not waited for.
    await eventually(async () => ((await countSimulations(url)) === SENDERS ? true : undefined));
    for (let crash = 0; crash < crashes; crash += 1) {
      await Bun.sleep(300 + Math.random() * 500);
      await disk?.cut(collector.pid);
      await collector.kill();
      disk?.remount();
      await collector.restart(["--port", new URL(url).port]);
    }
    await Bun.sleep(500);
    for (const sender of senders) sender.kill("SIGINT");
    const exitCodes = await Promise.all(senders.map(({ exited }) => exited));
    const report: CrashReport = { acknowledged: 0, lost: 0, doubled: 0, exitCodes };
    for (const err of await Promise.all(said)) {
      const [, acknowledged, lost, doubled] = VERIFIED.exec(err) ?? [];
      if (acknowledged === undefined) throw new Error(`simulate verified nothing: ${err}`);
      report.acknowledged += Number(acknowledged);
      report.lost += Number(lost);
      report.doubled += Number(doubled);
    }
    return report;
  } finally {
    for (const sender of senders) sender.kill("SIGKILL");
    await collector.kill();
  }
}

async function countSimulations(url: string): Promise<number> {
  const response = await fetch(`${url}/logs/stats?by=simulation`);
  return groupsAnswerSchema.parse(await response.json()).groups.length;
}

/** Builds a collector that answers before anything is on disk: `use` is to find out. */
export async function withoutSyncing<Result>(use: (binary: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "logctl-unsynced-"));
  try {
    await cp(join(ROOT, "src"), join(folder, "src"), { recursive: true });
    for (const name of ["package.json", "tsconfig.json"]) await cp(join(ROOT, name), join(folder, name));
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const path = join(folder, "src/store/blocks/file/database.ts");
    const source = await Bun.file(path).text();
    const broken = source.replaceAll("synchronous=FULL", "synchronous=OFF");
    if (broken === source) throw new Error("nothing to break: synchronous=FULL is not set where it was");
    await Bun.write(path, broken);
    const { success, stderr } = Bun.spawnSync([process.execPath, "run", "build"], { cwd: folder });
    if (!success) throw new Error(`the build failed: ${stderr}`);
    return await use(join(folder, "dist/logctl"));
  } finally {
    await rm(folder, { recursive: true });
  }
}
