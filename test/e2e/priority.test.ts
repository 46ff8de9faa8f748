import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { startCollector } from "../support/binary.ts";

/** The niceness of each of a process's threads of that name (proc(5)), the first one's first. */
function nicenesses(pid: number, name: string): number[] {
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  const stats = threads.sort((a, b) => a - b).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1"));
  return stats.flatMap((stat) => {
    const end = stat.lastIndexOf(")");
    const own = stat.slice(stat.indexOf("(") + 1, end);
    return own === name ? [Number(stat.slice(end + 2).split(" ")[16])] : [];
  });
}

test.skipIf(process.platform !== "linux")("who writes and who reads goes before compaction", async () => {
  await using collector = await startCollector();
  const { url, pid } = collector;
  const headers = { authorization: "Token svc-reports-123" };
  expect((await fetch(`${url}/logs`, { method: "POST", body: '{"message":"one"}', headers })).status).toBe(200);
  expect(await (await fetch(`${url}/logs`)).json()).toHaveLength(1);
  expect(nicenesses(pid, "logctl")).toEqual([0]);
  // Those that write, merge and read, in the order in which they were started.
  expect(nicenesses(pid, "Worker").slice(0, 3)).toEqual([0, 10, 0]);
});
