import { describe, expect, test } from "bun:test";
import { rename } from "node:fs/promises";
import { NO_FILTER } from "../../../src/query/filter.ts";
import { openStore } from "../../../src/store/blocks/open-block-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { answerOf, EVERYTHING, openTestStore, upTo } from "../../support/store.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";
import { textQuery } from "../../support/text-query.ts";

async function appendMessages(store: Store, messages: string[]): Promise<void> {
  await store.append((batch) => {
    for (const message of messages) batch.append(1_764_000_000_000, 0, 3, 2, "web", message, "");
    return {};
  });
}

const failureOf = (work: Promise<unknown>) => work.catch((error: Error) => error);

describe("a store that was closed", () => {
  test("says so at once, whatever is asked of it, also to what was under way", async () => {
    await using folder = await makeTemporaryFolder();
    const store = await openStore({ path: folder.file("logs.db"), pid: process.pid, now: Date.now, onFailure: () => {} });
    await appendMessages(store, upTo(20_000).map(String));
    const half = store.search(EVERYTHING);
    expect((await half.next()).value?.rows).toBeGreaterThan(0);
    await store.close();
    const closed = { code: "store_unavailable", message: "the store is closed" };
    expect(await failureOf(half.next())).toMatchObject(closed);
    expect(await failureOf(appendMessages(store, ["late"]))).toMatchObject(closed);
    expect(await failureOf(store.count(NO_FILTER))).toMatchObject(closed);
    expect(() => store.search(EVERYTHING)).toThrow("the store is closed");
  });

  test("has stored what was being appended when it was closed", async () => {
    await using folder = await makeTemporaryFolder();
    const options = { path: folder.file("logs.db"), pid: process.pid, now: Date.now, onFailure: () => {} };
    const store = await openStore(options);
    const appended = Promise.all(upTo(20).map((i) => appendMessages(store, [`m${i}`])));
    await store.close();
    await appended;
    const again = await openStore(options);
    expect(await again.count(NO_FILTER)).toBe(20);
    await again.close();
  });
});

test("a store whose file was moved away acknowledges and reads nothing, since nobody would ever find it", async () => {
  await using test = await openTestStore();
  await appendMessages(test.store, ["before"]);
  await rename(test.path, `${test.path}-moved`);
  const refused = await failureOf(appendMessages(test.store, ["into nothing"]));
  expect(refused).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("deleted or replaced") });
  expect(test.store.troubles()).toMatchObject([
    { code: "store_unavailable", message: expect.stringContaining("deleted or replaced") },
  ]);
  expect(await failureOf(test.store.count(NO_FILTER))).toMatchObject({ message: expect.stringContaining("deleted or replaced") });
  expect(() => test.store.search(EVERYTHING)).toThrow("deleted or replaced");
  expect(() => test.store.receipt(1, "k")).toThrow("deleted or replaced");
  await rename(`${test.path}-moved`, test.path);
  await appendMessages(test.store, ["after"]);
  expect(test.store.troubles()).toEqual([]);
  expect(await answerOf(test.store)).toMatchObject({ rows: 2 });
});

test("a search that finds nothing for long ends at once when its reader goes away", async () => {
  await using test = await openTestStore();
  const rare = "x".repeat(200);
  // As words, `y` and the rest do not occur: every text is looked through.
  for (let commit = 0; commit < 8; commit += 1) await appendMessages(test.store, Array(20_000).fill(`y${rare}`));
  const plan = { ...EVERYTHING, filter: { ...NO_FILTER, query: textQuery("y") } };
  const pieces = test.store.search(plan);
  const next = pieces.next();
  await pieces.return(undefined);
  expect(await next).toEqual({ done: true, value: undefined });
  expect(await pieces.next()).toEqual({ done: true, value: undefined });
  expect((await answerOf(test.store, { ...plan, format: "json" })).text).toBe("[]\n");
}, 30_000);

/** A process that appends three records at a time and names those that were acknowledged, until it is killed after so many. */
async function appendUntilKilled(path: string, count: number): Promise<string[]> {
  const module = JSON.stringify(Bun.resolveSync("../../../src/store/blocks/open-block-store.ts", import.meta.dir));
  const program = `
    import { openStore } from ${module};
    const store = await openStore({ path: ${JSON.stringify(path)}, pid: process.pid, now: Date.now, onFailure: () => {} });
    const append = async (name) => {
      for (let i = 0; ; i += 3) {
        const messages = [0, 1, 2].map((n) => process.pid + "-" + name + "-" + (i + n));
        await store.append((batch) => {
          for (const message of messages) batch.append(Date.now(), 0, 3, 2, "web", message, "");
          return {};
        });
        process.stdout.write(messages.join("\\n") + "\\n");
      }
    };
    for (const name of ["a", "b", "c"]) void append(name);`;
  await using child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" });
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of child.stdout) {
    text += decoder.decode(bytes, { stream: true });
    if (text.split("\n").length > count) child.kill("SIGKILL");
  }
  return text.split("\n").slice(0, -1);
}

test("after each of three kills a store has all that it acknowledged, once, with ids that leave no gap", async () => {
  await using folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  const acknowledged: string[] = [];
  for (let round = 1; round <= 3; round += 1) {
    const before = acknowledged.length;
    acknowledged.push(...(await appendUntilKilled(path, 40 * round)));
    expect(acknowledged.length).toBeGreaterThanOrEqual(before + 40 * round);
    const store = await openStore({ path, pid: process.pid, now: Date.now, onFailure: () => {} });
    const { text } = await answerOf(store);
    await store.close();
    const records: { id: number; message: string }[] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records.map(({ id }) => id)).toEqual(upTo(records.length));
    const times = new Map<string, number>();
    for (const { message } of records) times.set(message, (times.get(message) ?? 0) + 1);
    expect(acknowledged.filter((message) => times.get(message) !== 1)).toEqual([]);
    // What one append brought is there whole or not at all.
    expect(records.length % 3).toBe(0);
  }
}, 30_000);
