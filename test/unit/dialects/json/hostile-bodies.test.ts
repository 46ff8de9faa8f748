import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { createRecordBatchBuilder } from "../../../../src/store/record-batch.ts";
import { decodeJsonLogs } from "../../../support/decode-json-logs.ts";
import { hostileBodies } from "../../../support/hostile-bodies.ts";

const MB = 1024 * 1024;
/** Of a step, and of the item that it ends with. */
const MAX_STEP_BYTES = 512 * 1024;

describe("a hostile body", () => {
  test.each(hostileBodies(4 * MB).map(({ name, make }) => ({ name, make })))("of $name is decoded step by step", ({ make }) => {
    const { body, headers } = make();
    const bytes = headers === undefined ? body : gunzipSync(body);
    const batch = createRecordBatchBuilder();
    let steps = 0;
    let most = 0;
    const answer = decodeJsonLogs(bytes, "web", batch, () => {
      steps += 1;
      most = Math.max(most, batch.bytes());
      batch.seal();
    });
    expect(steps).toBeGreaterThan(bytes.length / MAX_STEP_BYTES);
    expect(most).toBeLessThan(MAX_STEP_BYTES);
    expect((answer?.accepted ?? 0) + (answer?.rejected ?? 0)).toBeGreaterThan(0);
  });
});
