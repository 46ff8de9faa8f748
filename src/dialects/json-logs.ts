import type { IngestAnswer, ItemError } from "../schema/api.ts";
import { MAX_NAMED_ERRORS } from "../schema/limits.ts";
import { RECORD_ERRORS, type RecordErrorCode } from "../schema/record.ts";
import type { RecordBatchBuilder } from "../store/record-batch.ts";
import { BROKEN, type JsonItems } from "./json-items.ts";
import { createRecordDecoder } from "./record-decoder.ts";

/** The one decoder: requests are decoded one after another, each at a stretch. */
const decoder = createRecordDecoder();

/**
 * Appends the items of a `POST /logs` that are log records to the batch and says what became of each. `service` is the
 * token's; undefined where it may write as any.
 */
export function decodeJsonLogs(
  { items, exact, replaced }: JsonItems,
  service: string | undefined,
  batch: RecordBatchBuilder,
): IngestAnswer {
  const options = { service, replaced };
  const errors: ItemError[] = [];
  let rejected = 0;
  for (let index = 0; index < items.length; index += 1) {
    let refusal = items[index] === BROKEN ? "invalid_json" : decoder.decode(items[index], batch, options);
    if (refusal === null) continue;
    if (refusal === "inexact") refusal = decoder.decode(exact(index), batch, options);
    if (refusal === null) continue;
    rejected += 1;
    const code = refusal as RecordErrorCode;
    if (errors.length < MAX_NAMED_ERRORS) errors.push({ index, code, ...RECORD_ERRORS[code] });
  }
  return {
    accepted: items.length - rejected,
    rejected,
    errors,
    ...(rejected > errors.length && { errors_omitted: rejected - errors.length }),
  };
}
