import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runLoad } from "../../bench/http-load.ts";
import type { RequestSource } from "../../bench/request-source.ts";
import { writeWorkload } from "../../bench/workload.ts";

const folder = mkdtempSync(join(tmpdir(), "logctl-load-"));
afterAll(() => rmSync(folder, { recursive: true }));

let server: ReturnType<typeof Bun.serve> | undefined;
afterEach(() => server?.stop(true));

/** Serves `answer` for each body on a free port, and returns the port. */
function listen(answer: (lines: string[]) => Response): number {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => answer((await request.text()).split("\n")),
  });
  return server.port ?? 0;
}

describe("loading a server", () => {
  const { batches, singles, close } = writeWorkload(join(folder, "records.ndjson"), 20_000, "lct_x", { seed: 3 });
  afterAll(close);

  function bodiesOf(source: RequestSource): (string | undefined)[] {
    const read = source.openReader();
    return Array.from({ length: source.requests }, (_, i) => new TextDecoder().decode(read(i).bytes).split("\r\n\r\n")[1]);
  }

  test("sends every request once and whole", async () => {
    const seen: string[] = [];
    const port = listen((lines) => {
      seen.push(...lines);
      return Response.json({ accepted: lines.length, rejected: 0, errors: [] });
    });
    const result = await runLoad(port, 8, batches);
    await runLoad(port, 64, singles);
    expect(result.records).toBe(20_000);
    expect(result.seconds).toBeGreaterThan(0);
    const sent = [...bodiesOf(batches), ...bodiesOf(singles)].flatMap((body) => body?.split("\n"));
    expect(seen.toSorted()).toEqual(sent.map(String).toSorted());
  });

  test("fails when fewer records are accepted than sent", async () => {
    const port = listen((lines) => Response.json({ accepted: lines.length - 1, rejected: 1, errors: [] }));
    await expect(runLoad(port, 2, batches)).rejects.toThrow("1000 records sent, answered 200");
  });

  test("fails on a status other than 200, whatever the body says", async () => {
    const port = listen((lines) => Response.json({ accepted: lines.length }, { status: 207 }));
    await expect(runLoad(port, 2, singles)).rejects.toThrow("1 records sent, answered 207");
  });

  test("fails when the server goes away", async () => {
    const port = listen(() => {
      server?.stop(true);
      return new Response();
    });
    await expect(runLoad(port, 2, batches)).rejects.toThrow("closed a connection");
  });
});
