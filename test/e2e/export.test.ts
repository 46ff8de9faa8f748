import { describe, expect, test } from "bun:test";
import { type Collector, startCollector } from "../support/binary.ts";
import { REPORTS_TOKEN } from "../support/load.ts";

const RECORDS = 30_000;
const A_REQUEST = 1000;

/** Lines that compress badly, so that each piece of an answer is unlike the others. */
function messageOf(number: number): string {
  return `${number} ${Bun.hash(String(number)).toString(36).repeat(40)}`;
}

async function send({ url }: Collector, from: number): Promise<void> {
  const lines = Array.from({ length: A_REQUEST }, (_, index) => JSON.stringify({ message: messageOf(from + index) }));
  const headers = { ...REPORTS_TOKEN, "content-type": "application/x-ndjson" };
  const answer = await fetch(`${url}/logs`, { method: "POST", headers, body: lines.join("\n") });
  expect(answer.status).toBe(200);
}

/** How many records come, of those how many are not what was sent, reading on only after so many ms now and then. */
async function read({ url }: Collector, restMs: number): Promise<{ records: number; wrong: number }> {
  const answer = await fetch(`${url}/logs?limit=all&order=asc`, {
    headers: { ...REPORTS_TOKEN, accept: "application/x-ndjson" },
  });
  const decoder = new TextDecoder();
  let records = 0;
  let wrong = 0;
  let rest = "";
  let pieces = 0;
  for await (const piece of answer.body ?? []) {
    const lines = (rest + decoder.decode(piece as Uint8Array, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if ((JSON.parse(line) as { message: string }).message !== messageOf(records)) wrong += 1;
      records += 1;
    }
    pieces += 1;
    if (restMs > 0 && pieces % 20 === 0) await Bun.sleep(restMs);
  }
  return { records, wrong };
}

describe("an export", () => {
  test("is byte for byte what was sent, to readers at any pace, while others read and write", async () => {
    await using collector = await startCollector();
    for (let from = 0; from < RECORDS; from += A_REQUEST) await send(collector, from);
    const reading = Promise.all([read(collector, 0), read(collector, 5), read(collector, 20), read(collector, 40)]);
    let sent = RECORDS;
    let done = false;
    const writing = (async () => {
      for (; !done; sent += A_REQUEST) await send(collector, sent);
    })();
    const answers = await reading.finally(() => {
      done = true;
    });
    await writing;
    for (const { records, wrong } of answers) {
      expect(wrong).toBe(0);
      expect(records).toBeGreaterThanOrEqual(RECORDS);
    }
  }, 60_000);
});
