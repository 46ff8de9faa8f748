import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askCollector } from "../../bench/ask-collector.ts";
import { createTally } from "../../bench/expected.ts";
import { runLoad } from "../../bench/http-load.ts";
import { NotAvailable } from "../../bench/not-available.ts";
import { type Answer, expectedAnswers } from "../../bench/questions.ts";
import { RARE_RECORDS } from "../../bench/records.ts";
import { type Collector, startSystem } from "../../bench/systems.ts";
import { writeWorkload } from "../../bench/workload.ts";

const folder = mkdtempSync(join(tmpdir(), "logctl-ask-"));
const workload = writeWorkload(join(folder, "records.ndjson"), 3000, "lct_x", { singles: 20 });
const started: { kill(): void }[] = [];
let server: ReturnType<typeof Bun.serve> | undefined;
afterEach(() => server?.stop(true));
afterAll(() => {
  for (const child of started) child.kill();
  workload.close();
  rmSync(folder, { recursive: true });
});

/** A logctl as far as questions go, that answers as `answer` says. */
function pretendLogctl(answer: (query: URLSearchParams) => Response): Collector {
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => answer(new URL(request.url).searchParams) });
  return { name: "logctl", folder, token: "lct_x", server: { port: server.port } } as Collector;
}

describe("asking a collector", () => {
  test("gives SQLite's answers, with and without a full-text index, and they are what was sent", async () => {
    const answers = expectedAnswers(workload.expected);
    for (const [name, questions] of [
      ["sqlite", 8],
      ["fts5", 2],
    ] as const) {
      const system = await startSystem(name, join(folder, name), "lct_x", (child) => started.push(child));
      await runLoad(system.server.port, 4, workload.batches);
      await runLoad(system.server.port, 4, workload.singles);
      const asked = Object.entries((await askCollector(system, workload.expected)).ask);
      expect(asked).toHaveLength(questions);
      for (const [question, ask] of asked) expect([question, await ask()]).toEqual([question, answers[question as "phrase"]]);
    }
  });

  test("does not take 'nothing found' for an answer from a logctl that does not search inside words", async () => {
    const system = pretendLogctl(() => Response.json({ count: 0 }));
    const { ask } = await askCollector(system, createTally().sum());
    for (const question of ["substring", "regex", "attribute"] as const) {
      await expect(ask[question]?.() as Promise<Answer>).rejects.toThrow(NotAvailable);
    }
    expect(await ask.phrase?.()).toEqual([0]);
  });

  test("takes a parameter that logctl does not know for not available, and any other failure for one", async () => {
    const system = pretendLogctl((query) => {
      if (query.has("by")) return Response.json({ error: { code: "invalid_parameter" } }, { status: 400 });
      if (query.has("interval")) return new Response("out of order", { status: 500 });
      return Response.json({ count: RARE_RECORDS });
    });
    const { ask } = await askCollector(system, createTally().sum());
    await expect(ask.bySeverity?.() as Promise<Answer>).rejects.toThrow(NotAvailable);
    await expect(ask.byMinute?.() as Promise<Answer>).rejects.toThrow("answered 500 out of order");
    expect(await ask.substring?.()).toEqual([RARE_RECORDS]);
  });

  test("reads groups in any order, without those of none", async () => {
    const groups = [{ count: 5 }, { count: 0 }, { count: 3 }];
    const system = pretendLogctl(() => Response.json({ count: 8, groups }));
    const { ask } = await askCollector(system, createTally().sum());
    expect(await ask.byMinute?.()).toEqual([3, 5]);
  });
});
