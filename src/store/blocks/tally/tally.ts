import type { RangeVisitor } from "../search/walk-range.ts";

/** What is gathered from ranges of records. Several threads have one each, and in the end one absorbs the others. */
export type Tally = {
  visitor: RangeVisitor;
  /** All that was gathered. */
  encode(): Uint8Array<ArrayBuffer>;
  /** Takes in what another one gathered. */
  absorb(encoded: Uint8Array): void;
  /** The answer as it goes to whoever asked. */
  answer(): string;
};
