import { expect, test } from "bun:test";
import { createThreadShare } from "../../../../src/server/ingest/share-thread.ts";

/** A share whose clock and whose turns go on when the test says so. */
function openThread() {
  let nowMs = 0;
  const turns: (() => void)[] = [];
  const thread = createThreadShare(
    () => nowMs,
    (work) => turns.push(work),
  );
  return {
    thread,
    turns,
    pass: (ms: number) => {
      nowMs += ms;
    },
    turn: () => turns.shift()?.(),
  };
}

test("long work goes on for some milliseconds at a stretch, and then in a turn of its own", async () => {
  const { thread, turns, pass, turn } = openThread();
  const first = thread.pause();
  expect(turns).toHaveLength(1);
  turn();
  await first;
  pass(2);
  expect(thread.pause()).toBeUndefined();
  pass(2);
  const second = thread.pause();
  expect(second).toBeInstanceOf(Promise);
  turn();
  await second;
  expect(turns).toHaveLength(0);
});

test("of several long works one goes on in each turn, in the order in which they wait", async () => {
  const { thread, turns, pass, turn } = openThread();
  const order: string[] = [];
  const waiting = ["a", "b", "c"].map((name) => thread.pause()?.then(() => order.push(name)));
  expect(turns).toHaveLength(1);
  for (const name of ["a", "b", "c"]) {
    turn();
    await Promise.resolve();
    await Promise.resolve();
    expect(order.at(-1)).toBe(name);
    pass(10);
  }
  await Promise.all(waiting);
  expect(turns).toHaveLength(0);
});
