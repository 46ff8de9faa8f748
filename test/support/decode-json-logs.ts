import { decodeInSteps } from "../../src/dialects/json/json-logs.ts";
import type { IngestAnswer } from "../../src/schema/api.ts";
import type { RecordBatchBuilder } from "../../src/store/record-batch.ts";

/** Decodes a body to its end. `onStep` is called between its steps. */
export function decodeJsonLogs(
  body: Uint8Array,
  service: string | undefined,
  batch: RecordBatchBuilder,
  onStep = () => {},
): IngestAnswer | undefined {
  const steps = decodeInSteps(body, service, batch, () => {});
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    onStep();
  }
}
