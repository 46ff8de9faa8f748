import type { Timestamp } from "../../../schema/timestamp.ts";
import type { QueryGrams } from "../index/gram-filter.ts";
import type { Needle } from "./needle.ts";
import type { Needles } from "./needles.ts";
import type { QueryHashes } from "./query-hashes.ts";
import type { ScalarTest } from "./scalar-values.ts";
import type { Term } from "./term.ts";

/** A query made ready to be held against blocks. */
export type QueryNode =
  | { type: "all" }
  | { type: "none" }
  | { type: "and" | "or"; parts: QueryNode[] }
  | { type: "not"; part: QueryNode }
  | ColumnLeaf
  | TextLeaf
  | MessageLeaf
  | AttributeLeaf
  | ManyLeaf;

/** A condition on a number column. */
export type ColumnLeaf =
  | { type: "severity"; mask: number }
  | { type: "service"; accepts: (name: string) => boolean }
  | { type: "time"; field: "timestamp" | "received_at"; start?: Timestamp; end?: Timestamp }
  /** Both included. */
  | { type: "id"; first: number; last: number };

/** A word, a phrase or a text with wildcards that occurs in the message, or there or in a value of an attribute. */
export type TextLeaf = { type: "text"; inAttributes: boolean; term: Term };

/** A test of the message. */
export type MessageLeaf = {
  type: "message";
  accepts: (message: string) => boolean;
  /** Occurs in every message that passes; may be empty. With `folded` in the message in lower case, ASCII alone. */
  literal: string;
  folded: boolean;
  /** Texts each of which is in every folded message that passes (in the message as it is, where not `folded`); the longest comes first. */
  needles: Needle[];
  /** Whether a message passes wherever a part of it does. */
  passesInParts: boolean;
  hashes: QueryHashes;
  grams: QueryGrams;
};

/** A test of the JSON text of an attribute's value. */
export type AttributeLeaf = {
  type: "attribute";
  path: string;
  accepts: (json: string) => boolean;
  /** The same of a whole number, where there is a shorter way. */
  acceptsNumber?: (number: number) => boolean;
  /** What is asked of each text or number in the value; undefined where it is enough that there is a value. */
  test?: ValueTest;
  /** The hashes of words that stand in every value that passes; of several alternatives in those that pass it. */
  alternatives: QueryHashes[];
};

export type ValueTest = {
  accepts: ScalarTest;
  /** Occurs, folded, in every text that passes; may be empty. */
  literal: string;
};

/** So many alternatives that they are looked for together, in one pass over the text. Each has a literal. */
export type ManyLeaf = {
  type: "many";
  parts: (TextLeaf | MessageLeaf)[];
  /** By the place among the parts, for messages and single values, and for the JSON text of attributes. */
  needles: Needles;
  jsonNeedles: Needles | undefined;
};
