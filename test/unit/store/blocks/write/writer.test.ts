import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../../../../src/errors.ts";
import { startWriter } from "../../../../../src/store/blocks/write/writer.ts";
import type { FromWriter, ToWriter } from "../../../../../src/store/blocks/write/writer-messages.ts";
import { encodedBlockOf, numbered } from "../../../../support/rows.ts";

/** A writer whose thread answers when the test says so; it has opened the database. */
async function openWriter() {
  const posted: ToWriter[] = [];
  let restored = 0;
  let answer: (message: FromWriter) => void = () => {};
  let fail: (error: LogctlError) => void = () => {};
  const opening = startWriter({
    path: "logs.db",
    minFreeBytes: 7,
    onTrouble() {},
    onRestored: () => {
      restored += 1;
    },
    onReceipts() {},
    startThread: () => ({
      post: (message) => posted.push(message),
      onMessage: (take) => {
        answer = take;
      },
      onFailure: (take) => {
        fail = take;
      },
      stop() {},
    }),
  });
  answer({ type: "opened" });
  return {
    writer: await opening,
    posted,
    restored: () => restored,
    answer: (m: FromWriter) => answer(m),
    fail: (e: LogctlError) => fail(e),
  };
}

const REQUEST = { replaced: [], block: encodedBlockOf(numbered(2)) };
const failureOf = (work: Promise<unknown>) => work.catch((error: Error) => error);

describe("the writer", () => {
  test("tells what its thread refused and when to come again, and when what was in the way is over", async () => {
    const { writer, posted, restored, answer } = await openWriter();
    expect(posted[0]).toMatchObject({ type: "open", path: "logs.db", minFreeBytes: 7 });
    const full = failureOf(writer.replace(REQUEST));
    answer({ type: "failed", id: 1, message: "the disk is full", code: "disk_full", retryAfterS: 10 });
    expect(await full).toMatchObject({ code: "disk_full", message: "the disk is full", retryAfterS: 10 });
    const broken = failureOf(writer.replace(REQUEST));
    answer({ type: "failed", id: 2, message: "disk I/O error" });
    expect(await broken).toMatchObject({
      code: "store_unavailable",
      message: "the store cannot write: disk I/O error",
      retryAfterS: 5,
    });
    expect([restored(), writer.stopped()]).toEqual([0, undefined]);
    answer({ type: "restored" });
    expect(restored()).toBe(1);
  });

  test("says why it writes no more once its thread has stopped, to what waits and to what comes", async () => {
    const { writer, posted, fail } = await openWriter();
    const waiting = failureOf(writer.replace(REQUEST));
    const reason = new LogctlError("store_unavailable", "a storage thread has stopped");
    fail(reason);
    expect([await waiting, await failureOf(writer.replace(REQUEST)), writer.stopped()]).toEqual([reason, reason, reason]);
    writer.retain({ timeMs: 1, ranMs: 1, aheadMs: 0, uptimeMs: 1, boot: 1 });
    expect(posted.map(({ type }) => type)).toEqual(["open", "replace"]);
  });
});
