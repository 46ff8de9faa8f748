import type { RecordErrorCode } from "../../schema/record.ts";
import type { RecordBatchBuilder } from "../../store/record-batch.ts";
import { countMembers, readMembers } from "../record/read-members.ts";
import type { DecodeOptions, RecordDecoder } from "../record/record-decoder.ts";
import { chooseMembers, separateMembers } from "../record/repeated-members.ts";

/**
 * Appends the record that is the text of a whole JSON object, and answers null, or why it is refused. `members` is how many
 * members its objects have together: `JSON.parse` keeps fewer where a name comes twice.
 */
export function decodeObject(
  decoder: RecordDecoder,
  json: string,
  members: number,
  batch: RecordBatchBuilder,
  { service, replaced }: Pick<DecodeOptions, "service" | "replaced">,
): RecordErrorCode | null {
  const parsed: unknown = JSON.parse(json);
  if (countMembers(parsed) === members) {
    const refusal = decoder.decode(parsed, batch, { service, replaced });
    if (refusal !== "inexact") return refusal;
    const { sent } = separateMembers(readMembers(json, true), undefined);
    return decoder.decode(sent, batch, { service, replaced }) as RecordErrorCode | null;
  }
  const plain = readMembers(json, false);
  // What a member can be read as is asked of its number, and not of the text that keeps its digits.
  const chosen = chooseMembers(plain, service);
  const { sent, repeated } = separateMembers(plain, chosen);
  const refusal = decoder.decode(sent, batch, { service, replaced, repeated });
  if (refusal !== "inexact") return refusal;
  const exact = separateMembers(readMembers(json, true), chosen);
  return decoder.decode(exact.sent, batch, { service, replaced, repeated: exact.repeated }) as RecordErrorCode | null;
}
