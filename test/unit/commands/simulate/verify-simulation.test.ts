import { describe, expect, test } from "bun:test";
import { run } from "../../../../src/cli.ts";
import { createTestContext } from "../../../support/cli.ts";
import { answerErrorWith, createFakeCollector } from "../../../support/fake-collector.ts";

type Stored = Record<string, unknown>[];

/** Runs `simulate --verify` against a collector that keeps what `keep` makes of what it was sent. */
async function verify({
  args = ["--mode=batch", "--batch-size=10", "--count=3", "--interval=0"],
  keep = (stored: Stored): Stored => stored,
  read,
  signal,
}: {
  args?: string[];
  keep?: (stored: Stored) => Stored;
  /** What is answered to the nth reading instead. */
  read?: (reading: number) => Response | undefined;
  signal?: (stop: AbortController) => void;
}) {
  const stop = new AbortController();
  const collector = createFakeCollector(() => {
    signal?.(stop);
    return undefined;
  });
  const readings: URL[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    if (request.method === "POST") return collector.fetch(request);
    request.signal.throwIfAborted();
    readings.push(new URL(request.url));
    const lines = keep(structuredClone(collector.stored)).map((record) => `${JSON.stringify(record)}\n`);
    return read?.(readings.length) ?? new Response(lines.join(""), { headers: { "content-type": "application/x-ndjson" } });
  };
  const context = createTestContext({ fetch, signal: stop.signal });
  const exitCode = await run(["simulate", "--verify", ...args], context);
  return { exitCode, err: context.err(), readings, ...collector };
}

const attributesOf = (record: Record<string, unknown> | undefined) => record?.["attributes"] as Record<string, unknown>;

describe("simulate --verify", () => {
  test("numbers the records, reads those of this simulation back, and says that all are stored once", async () => {
    const { exitCode, err, stored, readings } = await verify({});
    expect(exitCode).toBe(0);
    expect(stored.map((record) => attributesOf(record)["number"])).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    const simulation = attributesOf(stored[0])["simulation"];
    expect(readings.map(({ searchParams }) => [searchParams.get("q"), searchParams.get("limit")])).toEqual([
      [`simulation:${simulation}`, "all"],
    ]);
    expect(err).toEndWith(
      `verified simulation ${simulation}: of 30 records acknowledged 30 are stored once, 0 lost, 0 doubled\n`,
    );
  });

  test("fails where a record that was acknowledged is not there", async () => {
    const { exitCode, err } = await verify({ keep: (stored) => stored.toSpliced(4, 2) });
    expect(exitCode).toBe(1);
    expect(err).toContain("of 30 records acknowledged 28 are stored once, 2 lost, 0 doubled\n");
    expect(err).toEndWith("logctl: not every record is stored exactly once: lost are 2, such as the number 5, 6\n");
  });

  test("fails where a record is there twice", async () => {
    const { exitCode, err } = await verify({ keep: (stored) => [...stored, ...stored.slice(9, 10)] });
    expect(exitCode).toBe(1);
    expect(err).toEndWith("logctl: not every record is stored exactly once: doubled are 1, such as the number 10\n");
  });

  test("fails where a record is there that was never sent", async () => {
    const { exitCode, err } = await verify({
      keep: (stored) => [...stored, { ...stored[0], attributes: { ...attributesOf(stored[0]), number: 31 } }],
    });
    expect(exitCode).toBe(1);
    expect(err).toContain("a record is stored that was never sent, with the number 31");
  });

  test("passes over the records of others that a search brings along", async () => {
    const { exitCode } = await verify({ keep: (stored) => [...stored, { attributes: { simulation: "other", number: 1 } }] });
    expect(exitCode).toBe(0);
  });

  test("begins reading anew where the collector is away or breaks off", async () => {
    const { exitCode, err, readings } = await verify({
      read: (reading) => {
        if (reading === 1) return answerErrorWith(503, "store_unavailable", "the store cannot be read");
        const half = '{"attributes":{"simulation":"x"}}\n{"attri';
        return reading === 2 ? new Response(half, { headers: { "content-type": "application/x-ndjson" } }) : undefined;
      },
    });
    expect([exitCode, readings.length]).toEqual([0, 3]);
    expect(err).toContain("0 lost, 0 doubled\n");
  });

  test("says why it may not read, and does not ask again", async () => {
    const { exitCode, err, readings } = await verify({ read: () => answerErrorWith(403, "forbidden", "no read scope") });
    expect([exitCode, readings.length]).toEqual([4, 1]);
    expect(err).toContain("no read scope");
  });

  test("verifies what was sent before Ctrl-C", async () => {
    const { exitCode, err } = await verify({ args: ["--interval=0"], signal: (stop) => stop.abort() });
    expect(exitCode).toBe(0);
    expect(err).toContain("of 1 record acknowledged 1 are stored once, 0 lost, 0 doubled\n");
  });

  test("verifies nothing where no collector ever answered", async () => {
    const context = createTestContext();
    expect(await run(["simulate", "--verify", "--count=1"], context)).toBe(3);
    expect(context.err()).not.toContain("verified");
  });
});
