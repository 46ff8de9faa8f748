import { isUtf8 } from "node:buffer";
import type { IngestAnswer, ItemError } from "../schema/api.ts";
import { MAX_NAMED_ERRORS } from "../schema/limits.ts";
import { RECORD_ERRORS, type RecordErrorCode } from "../schema/record.ts";
import type { RecordBatchBuilder } from "../store/record-batch.ts";
import { BROKEN, type JsonItems, readJsonItems } from "./json-items.ts";
import { createRecordDecoder } from "./record-decoder.ts";
import { createBodyScanner, type ScanTarget } from "./scan-body.ts";
import { createRecordScanner } from "./scan-record.ts";

/** The one decoder: requests are decoded one after another, each at a stretch. */
const decoder = createRecordDecoder();
const scanBody = createBodyScanner(createRecordScanner(), decoder);

/**
 * Appends the items of a `POST /logs` that are log records to the batch and says what became of each; undefined where the
 * body is blank. `service` is the token's; undefined where it is bound to none.
 */
export function decodeJsonLogs(
  body: Uint8Array,
  service: string | undefined,
  batch: RecordBatchBuilder,
): IngestAnswer | undefined {
  return (isUtf8(body) ? scan(body, service, batch) : undefined) ?? decode(readJsonItems(body), service, batch);
}

function scan(body: Uint8Array, service: string | undefined, batch: RecordBatchBuilder): IngestAnswer | undefined {
  const { refuse, answer } = createTally();
  const items = scanBody(body, { service, batch, refuse });
  return items < 0 ? undefined : answer(items);
}

function decode(found: JsonItems | undefined, service: string | undefined, batch: RecordBatchBuilder): IngestAnswer | undefined {
  if (found === undefined) return undefined;
  const { items, exact, replaced } = found;
  const options = { service, replaced };
  const { refuse, answer } = createTally();
  for (let index = 0; index < items.length; index += 1) {
    let refusal = items[index] === BROKEN ? "invalid_json" : decoder.decode(items[index], batch, options);
    if (refusal === "inexact") refusal = decoder.decode(exact(index), batch, options);
    if (refusal !== null) refuse(index, refusal as RecordErrorCode);
  }
  return answer(items.length);
}

function createTally(): Pick<ScanTarget, "refuse"> & { answer(items: number): IngestAnswer } {
  const errors: ItemError[] = [];
  let rejected = 0;
  return {
    refuse(index, code) {
      rejected += 1;
      if (errors.length < MAX_NAMED_ERRORS) errors.push({ index, code, ...RECORD_ERRORS[code] });
    },
    answer: (items) => ({
      accepted: items - rejected,
      rejected,
      errors,
      ...(rejected > errors.length && { errors_omitted: rejected - errors.length }),
    }),
  };
}
