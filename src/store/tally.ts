import type { RangeVisitor } from "./walk-range.ts";

/** What is gathered from ranges of records. Several threads have one each, and in the end one absorbs the others. */
export type Tally = {
  visitor: RangeVisitor;
  /** All that was gathered, as text. */
  encode(): string;
  /** Takes in what another one gathered. */
  absorb(encoded: string): void;
  /** The answer as it goes to whoever asked. */
  answer(): string;
};
