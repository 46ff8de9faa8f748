import { describe, expect, test } from "bun:test";
import { createTurns } from "../../../../src/server/ingest/turns.ts";

const SHARE = 384 * 1024;

/** Turns with a clock of their own; `start` says whether a request could start at once. */
function openTurns() {
  let nowMs = 0;
  const turns = createTurns(() => nowMs);
  return {
    ...turns,
    pass: (ms: number) => {
      nowMs += ms;
    },
    async start(id: number, bytes: number) {
      let leave: (() => void) | undefined;
      const taken = turns.take(id, bytes).then((end) => {
        leave = end;
      });
      await Promise.resolve();
      await Promise.resolve();
      return { started: () => leave !== undefined, leave: () => leave?.(), taken };
    },
  };
}

describe("turns", () => {
  test("a token that is alone is never held up", async () => {
    const turns = openTurns();
    turns.seen(1);
    for (let i = 0; i < 10; i += 1) expect((await turns.start(1, SHARE)).started()).toBe(true);
  });

  test("beside another one it has a share at a time, and the rest in the order in which it came", async () => {
    const turns = openTurns();
    turns.seen(2);
    turns.seen(1);
    const first = await turns.start(1, SHARE - 50_000);
    const second = await turns.start(1, 50_000);
    const third = await turns.start(1, 10);
    expect([first.started(), second.started(), third.started()]).toEqual([true, false, false]);
    // The other one starts, whatever waits of the first.
    expect((await turns.start(2, 50_000)).started()).toBe(true);
    first.leave();
    await Promise.all([second.taken, third.taken]);
    expect([second.started(), third.started()]).toEqual([true, true]);
  });

  test("a request larger than the share starts alone", async () => {
    const turns = openTurns();
    turns.seen(2);
    turns.seen(1);
    const large = await turns.start(1, 10 * SHARE);
    const small = await turns.start(1, 1);
    expect([large.started(), small.started()]).toEqual([true, false]);
    large.leave();
    await small.taken;
  });

  test("very many small requests wait too", async () => {
    const turns = openTurns();
    turns.seen(2);
    turns.seen(1);
    const all = await Promise.all(Array.from({ length: 100 }, () => turns.start(1, 10)));
    expect(all.filter(({ started }) => started()).length).toBeLessThan(60);
  });

  test("once the other one is gone for two seconds, all start", async () => {
    const turns = openTurns();
    turns.seen(2);
    turns.seen(1);
    const first = await turns.start(1, SHARE);
    const rest = await Promise.all([turns.start(1, SHARE), turns.start(1, SHARE)]);
    turns.pass(2001);
    first.leave();
    await Promise.all(rest.map(({ taken }) => taken));
  });

  test("more than may wait is refused, before it is read and after", async () => {
    const turns = openTurns();
    turns.seen(2);
    turns.seen(1);
    const megabytes64 = 64 * 1024 * 1024;
    await turns.start(1, megabytes64);
    await turns.start(1, megabytes64);
    expect(() => turns.check(1, megabytes64)).toThrow("too much of this token waits");
    await expect(turns.take(1, megabytes64)).rejects.toMatchObject({ code: "rate_limited", retryAfterS: 1 });
    expect(() => turns.check(2, megabytes64)).not.toThrow();
    expect(() => turns.check(1, 1000)).not.toThrow();
  });
});
