import { isUtf8 } from "node:buffer";
import type { IngestAnswer, ItemError } from "../../schema/api.ts";
import { MAX_NAMED_ERRORS } from "../../schema/limits.ts";
import { RECORD_ERRORS } from "../../schema/record.ts";
import type { RecordBatchBuilder } from "../../store/record-batch.ts";
import { createRecordDecoder } from "../record/record-decoder.ts";
import { decodeItems, type ItemTarget } from "./decode-items.ts";
import { hasMark, readUtf8 } from "./read-utf8.ts";
import { createRecordScanner } from "./scan-record.ts";
import { startOfList } from "./start-of-list.ts";

const OBJECT_START = 123;
/** More of it is read in steps. */
const MAX_PLAIN_BYTES = 64 * 1024;

/** The only ones: what they keep from record to record serves every request. */
const scanner = createRecordScanner();
const decoder = createRecordDecoder();

/**
 * What `decodeInSteps` does, at once, for a body that is one plain record and nothing else, as those of most senders are; undefined,
 * and nothing is appended, for any other.
 */
export function decodePlainRecord(
  body: Uint8Array,
  service: string | undefined,
  batch: RecordBatchBuilder,
): IngestAnswer | undefined {
  if (body[0] !== OBJECT_START || body.length > MAX_PLAIN_BYTES || startOfList(body, 1) >= 0 || !isUtf8(body)) return undefined;
  const rowsBefore = batch.rows();
  if (scanner.scan(body, 0, false, batch, service) === body.length) return { accepted: 1, rejected: 0, errors: [] };
  batch.truncate(rowsBefore);
  return undefined;
}

/**
 * Appends the items of a `POST /logs` that are log records to the batch and says what became of each; undefined where the
 * body is blank. `service` is the token's; undefined where it is bound to none. It stops after each bounded piece of work, some
 * milliseconds at most, to be gone on with, and the batch may be sealed meanwhile; `takeBack` is called where nothing counts that was
 * appended so far.
 */
export function* decodeInSteps(
  body: Uint8Array,
  service: string | undefined,
  batch: RecordBatchBuilder,
  takeBack: () => void,
): Generator<undefined, IngestAnswer | undefined> {
  const { answer, refuse, forget } = createTally();
  const reset = () => {
    forget();
    takeBack();
  };
  const items = yield* decodeItems(
    hasMark(body) ? yield* readUtf8(body) : body,
    { service, batch, refuse, reset },
    scanner,
    decoder,
  );
  return items === undefined ? undefined : answer(items);
}

function createTally(): Pick<ItemTarget, "refuse"> & { forget(): void; answer(items: number): IngestAnswer } {
  const errors: ItemError[] = [];
  let rejected = 0;
  return {
    refuse(index, code) {
      rejected += 1;
      if (errors.length < MAX_NAMED_ERRORS) errors.push({ index, code, ...RECORD_ERRORS[code] });
    },
    forget() {
      rejected = 0;
      errors.length = 0;
    },
    answer: (items) => ({
      accepted: items - rejected,
      rejected,
      errors,
      ...(rejected > errors.length && { errors_omitted: rejected - errors.length }),
    }),
  };
}
