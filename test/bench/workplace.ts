import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerProcess } from "./server-process.ts";

export type Workplace = {
  /** Temporary; gone when this process ends. */
  folder: string;
  /** Makes a temporary folder in `parent`, gone as well when this process ends. */
  addFolder(parent: string): string;
  /** Has a server stopped by `clear`, and ended with this process at the latest. */
  track(server: TrackedServer): void;
  servers: readonly TrackedServer[];
  /** Lets the servers stop in their own way. */
  clear(): Promise<void>;
};

export type TrackedServer = Pick<ServerProcess, "stop" | "kill" | "output">;

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A folder and servers that do not outlive this process, whether it ends by itself, by a failure or by Ctrl-C. */
export function openWorkplace(): Workplace {
  const folders: string[] = [];
  function addFolder(parent: string): string {
    const added = mkdtempSync(join(parent, "logctl-bench-"));
    folders.push(added);
    return added;
  }
  const servers: TrackedServer[] = [];
  process.once("exit", () => {
    for (const server of servers) server.kill();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const [signal, number] of Object.entries(SIGNAL_NUMBERS)) process.once(signal, () => process.exit(128 + number));
  return {
    folder: addFolder(tmpdir()),
    addFolder,
    servers,
    track: (server) => servers.push(server),
    async clear() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
