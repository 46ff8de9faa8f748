import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../../../src/query/filter.ts";
import { createAdmission } from "../../../../../src/store/blocks/scan/admit-searches.ts";
import type { SearchPiece, SearchPlan } from "../../../../../src/store/search-plan.ts";

const PIECE: SearchPiece = { bytes: new Uint8Array([65]), rows: 1, last: undefined, done: false };
const PLAN: SearchPlan = { filter: NO_FILTER, sort: "received_at", order: "desc", offset: 0, limit: 10, format: "json" };
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Searches that give one piece and end when the test says so. */
function openSearches() {
  const admission = createAdmission();
  const ends: (() => void)[] = [];
  let left = 0;
  async function* search(): AsyncGenerator<SearchPiece> {
    const { promise, resolve } = Promise.withResolvers<void>();
    ends.push(resolve);
    try {
      yield PIECE;
      await promise;
    } finally {
      left += 1;
    }
  }
  const admit = (format: SearchPlan["format"], reader = 1) => admission.admit({ ...PLAN, format, reader }, search);
  return { admission, admit, ends, started: () => ends.length, left: () => left };
}

async function readAll(pieces: AsyncGenerator<SearchPiece>): Promise<number> {
  let count = 0;
  for await (const _ of pieces) count += 1;
  return count;
}

describe("the admission of searches", () => {
  test("has 16 pages searched for at one time; others wait, up to 512 of them", async () => {
    const { admission, admit, ends, started } = openSearches();
    // Each reader has half of what those before leave.
    const pages = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].flatMap((reader) =>
      Array.from({ length: 600 }, () => readAll(admit("json", reader)).catch((error: { code: string }) => error.code)),
    );
    await settle();
    expect(admission.counts()).toEqual({ pages: 16, waiting: 512, streams: 0 });
    const refused = await admit("json")
      .next()
      .catch((error: Error) => error);
    expect(refused).toMatchObject({ code: "overloaded", retryAfterS: 1 });
    for (let at = 0; at < 528; at += 1) {
      ends[at]?.();
      await settle();
    }
    const answers = await Promise.all(pages);
    expect([started(), answers.filter((answer) => answer === 1).length]).toEqual([528, 528]);
    expect(answers.filter((answer) => answer === "overloaded").length).toBe(pages.length - 528);
    expect(admission.counts()).toEqual({ pages: 0, waiting: 0, streams: 0 });
  });

  test("lets go of who leaves while it waits, or while it is searched for", async () => {
    const { admission, admit, started, left } = openSearches();
    const pages = Array.from({ length: 9 }, () => admit("json"));
    const firsts = pages.map((page) => page.next().catch((error: Error) => error));
    await settle();
    await Promise.all([pages[8]?.return(undefined).catch(() => {})]);
    expect(await firsts[8]).toMatchObject({ code: "interrupted" });
    expect([started(), admission.counts().waiting]).toEqual([8, 0]);
    await Promise.all(pages.slice(0, 8).map((page) => page.return(undefined)));
    expect([left(), admission.counts().pages]).toEqual([8, 0]);
  });

  test("has 64 streams open at one time, at whatever pace; more are refused at once, until one has ended or was left", async () => {
    const { admission, admit, ends } = openSearches();
    const streams = Array.from({ length: 64 }, (_, at) => admit(at % 2 === 0 ? "ndjson" : "csv"));
    await Promise.all(streams.map((stream) => stream.next()));
    expect(() => admit("ndjson")).toThrow("64 streams of records are open");
    // Neither pages nor the steps of tails are kept back by them.
    expect((await admit("json").next()).value).toEqual(PIECE);
    expect((await admit("sse").next()).value).toEqual(PIECE);
    ends[0]?.();
    expect((await streams[0]?.next())?.done).toBe(true);
    await streams[1]?.return(undefined);
    await streams[1]?.return(undefined);
    expect(admission.counts().streams).toBe(62);
    for (let i = 0; i < 2; i += 1) admit("ndjson");
    expect(() => admit("csv")).toThrow("streams");
  });
});
