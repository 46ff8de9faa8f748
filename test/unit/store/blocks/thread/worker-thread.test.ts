import { expect, test } from "bun:test";
import type { LogctlError } from "../../../../../src/errors.ts";
import { startWorker } from "../../../../../src/store/blocks/thread/worker-thread.ts";

function failureOf(thread: ReturnType<typeof startWorker>): Promise<LogctlError> {
  return new Promise((resolve) => thread.onFailure(resolve));
}

test("a thread that cannot start, or fails later, is reported, also to who asks late", async () => {
  const missing = startWorker(new URL("../../no-such-worker.ts", import.meta.url));
  const failure = await failureOf(missing);
  expect(failure).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("a storage thread has stopped") });
  expect(await failureOf(missing)).toBe(failure);
  missing.stop();
});

test("a thread takes messages and answers them in order, until it is stopped", async () => {
  const source = "self.onmessage = ({ data }) => self.postMessage(data * 2);";
  const thread = startWorker<number, number>(new URL(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))));
  const answers: number[] = [];
  await new Promise<void>((resolve) => {
    thread.onMessage((answer) => {
      if (answers.push(answer) === 3) resolve();
    });
    for (const message of [1, 2, 3]) thread.post(message);
  });
  expect(answers).toEqual([2, 4, 6]);
  thread.stop();
});
