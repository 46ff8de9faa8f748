import { LogctlError } from "../../errors.ts";
import { sanitizeText } from "../../render/text/sanitize.ts";
import type { IngestAnswer } from "../../schema/api.ts";

/** What has become of all the records sent so far. */
export type DeliveryTally = {
  /** Counts an answer in; `nameItem` says what a person knows the answer's nth item by. */
  add(answer: IngestAnswer, nameItem: (index: number) => string): void;
  stored(): number;
  refused(): number;
  /** The first refusals, one a line, and how many more there were. */
  refusalLines(): string[];
  /** `not_all_stored` where records were refused, `service_mismatch` where that is the reason for all of them. */
  failure(): LogctlError | undefined;
};

const MAX_LISTED = 10;

export function createDeliveryTally(): DeliveryTally {
  const listed: string[] = [];
  let stored = 0;
  let refused = 0;
  let mismatches = 0;
  return {
    add({ accepted, rejected, errors }, nameItem) {
      stored += accepted;
      refused += rejected;
      for (const { index, code, message } of errors) {
        if (code === "service_mismatch") mismatches += 1;
        if (listed.length < MAX_LISTED) listed.push(sanitizeText(`${nameItem(index)}: ${code}: ${message}`));
      }
    },
    stored: () => stored,
    refused: () => refused,
    refusalLines() {
      const more = refused - listed.length;
      return more > 0 ? [...listed, `... and ${more} more`] : [...listed];
    },
    failure() {
      if (refused === 0) return undefined;
      const code = mismatches === refused ? "service_mismatch" : "not_all_stored";
      return new LogctlError(code, `${refused} of ${countOf(stored + refused, "record")} were refused and are not stored`);
    },
  };
}

/** `1 record`, `2 records`. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
