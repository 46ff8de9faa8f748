import { describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../../src/query/filter.ts";
import { createTailSteps, type PendingStep } from "../../../../src/server/read/tail-steps.ts";
import { createTailTurns } from "../../../../src/server/read/tail-turns.ts";
import type { SearchPiece, SearchPlan } from "../../../../src/store/search-plan.ts";

const NEVER_LATE_MS = 60_000;
const NOTHING = { bytes: new Uint8Array(), rows: 0, last: undefined, done: true };
/** Until all that can go on without a search has. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const filterOf = (service: string) => ({ ...NO_FILTER, services: [service] });

/** A store whose searches end when the test says so. */
function createHeldStore() {
  const asked: { plan: SearchPlan; end: (piece?: SearchPiece) => void; fail: (error: Error) => void }[] = [];
  let newestId = 1;
  return {
    asked,
    arrive: () => {
      newestId += 1;
    },
    store: {
      newestId: () => newestId,
      async *search(plan: SearchPlan): AsyncGenerator<SearchPiece> {
        const { promise, resolve, reject } = Promise.withResolvers<SearchPiece>();
        asked.push({ plan, end: (piece = NOTHING) => resolve(piece), fail: reject });
        yield await promise;
      },
    },
  };
}

/** Steps of so many tails with a filter each, all from the first record on. */
function startSteps(count: number, lateAfterMs = NEVER_LATE_MS, now = () => 0) {
  const held = createHeldStore();
  const read = createTailSteps(held.store, createTailTurns(lateAfterMs, now));
  const steps: PendingStep[] = Array.from({ length: count }, (_, i) => read(filterOf(`s${i}`), 0));
  return { ...held, read, steps };
}

describe("the steps of many tails", () => {
  test("are searched for one at a time in their order, and one that waits looks once for all that came meanwhile", async () => {
    const { asked, arrive, steps } = startSteps(100);
    for (let i = 0; i < steps.length; i += 1) {
      expect(asked.length).toBe(i + 1);
      for (let commit = 0; commit < 10; commit += 1) arrive();
      asked[i]?.end();
      await settle();
    }
    expect(asked.map(({ plan }) => [plan.filter.services[0], plan.throughId])).toEqual(
      steps.map((_, i) => [`s${i}`, 1 + 10 * i]),
    );
  });

  test("of a crowd leave as much time to others as they take", async () => {
    let ms = 0;
    const { asked } = startSteps(10, NEVER_LATE_MS, () => {
      ms += 20;
      return ms;
    });
    asked[0]?.end();
    for (let i = 0; i < 5; i += 1) await settle();
    expect(asked.length).toBe(1);
    while (asked.length < 2) await settle();
  }, 5000);

  test("end early where there is much to look at, and go on from there behind the others", async () => {
    const { asked, read, steps } = startSteps(2);
    expect(asked[0]?.plan.patienceMs).toBeLessThan(100);
    const last = { id: 400, ms: 0, nanos: 0 };
    asked[0]?.end({ bytes: new Uint8Array(), rows: 0, last, done: true, unfinished: true });
    const step = await steps[0]?.done;
    expect(step?.throughId).toBe(400);
    void read(filterOf("s0"), 400);
    await settle();
    asked[1]?.end();
    await settle();
    expect(asked.map(({ plan }) => plan.filter.services[0])).toEqual(["s0", "s1", "s0"]);
    expect(asked[2]?.plan).toMatchObject({ after: { id: 400 } });
  });

  test("do not begin once nobody waits for them, and a failure is that of one alone", async () => {
    const { asked, steps } = startSteps(4);
    steps[1]?.leave();
    asked[0]?.fail(new Error("no"));
    expect(steps[0]?.done).rejects.toThrow("no");
    await settle();
    asked[1]?.end();
    await settle();
    expect(asked.map(({ plan }) => plan.filter.services[0])).toEqual(["s0", "s2", "s3"]);
  });

  test("are not held up by one that does not come to its end", async () => {
    const { asked, steps } = startSteps(2, 1);
    const second = steps[1]?.done.then(() => asked.length);
    while (asked.length < 2) await settle();
    asked[1]?.end();
    expect(await second).toBe(2);
  });

  test("go on where a search cannot even begin", async () => {
    let searches = 0;
    const search = () => {
      searches += 1;
      throw new Error("no place");
    };
    const read = createTailSteps({ newestId: () => 1, search });
    for (const service of ["a", "b"]) expect(read(filterOf(service), 0).done).rejects.toThrow("no place");
    await read(filterOf("c"), 0).done.catch(() => {});
    expect(searches).toBe(3);
  });
});
