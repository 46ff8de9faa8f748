import { expect, test } from "bun:test";
import { JSON_DIALECT } from "../../../../src/dialects/json/json-dialect.ts";
import { LogctlError } from "../../../../src/errors.ts";
import type { Identity } from "../../../../src/server/access/identify.ts";
import { createTokenAccounts } from "../../../../src/server/access/token-accounts.ts";
import { createBodyBudget } from "../../../../src/server/ingest/body-budget.ts";
import { createIngest } from "../../../../src/server/ingest/ingest.ts";
import { createThreadShare } from "../../../../src/server/ingest/share-thread.ts";
import { createTurns } from "../../../../src/server/ingest/turns.ts";
import { createRecordBatchBuilder } from "../../../../src/store/record-batch.ts";
import type { Store } from "../../../../src/store/store.ts";

const BODY = '{"message":"a"}\n{"message":"b"}';
const IDENTITY: Identity = {
  ...{ id: 1, writesAs: "web", reads: "web", scopes: ["ingest"], expiresAtMs: Number.POSITIVE_INFINITY },
  limits: { rateLimit: 2, dailyQuotaBytes: 2 * BODY.length, quotaDay: 0, quotaBytes: 0 },
};

test("what could not be written is not taken from a token's rate and quota", async () => {
  let isBroken = true;
  const append: Store["append"] = async (fill) => {
    const result = fill(createRecordBatchBuilder());
    if (isBroken) throw new LogctlError("store_unavailable", "the disk is broken");
    return result;
  };
  let nowMs = 0;
  const ingest = createIngest({
    store: {
      append,
      appendInSteps: () => Promise.reject(new Error("the body is small")),
      receipt: () => undefined,
      requireWritable() {},
    },
    accounts: createTokenAccounts({ noteUse() {}, now: () => nowMs }),
    turns: createTurns(() => 0),
    thread: createThreadShare(),
    metrics: { ingested() {} },
    limits: { maxBytes: 1000, timeoutMs: 1000 },
    bodies: createBodyBudget(10_000),
  });
  const write = () =>
    ingest(
      JSON_DIALECT,
      new Request("http://logs.test/logs", { method: "POST", body: BODY, headers: { "content-length": `${BODY.length}` } }),
      IDENTITY,
    );
  for (let i = 0; i < 5; i += 1) await expect(write()).rejects.toThrow("the disk is broken");
  isBroken = false;
  expect((await write()).status).toBe(200);
  await expect(write()).rejects.toThrow("2 records a second");
  nowMs += 1000;
  expect((await write()).status).toBe(200);
  nowMs += 1000;
  await expect(write()).rejects.toThrow("bytes a day");
});
