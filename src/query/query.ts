import type { Timestamp } from "../schema/timestamp.ts";

/**
 * What `q` was read into: plain data, so that it can be sent to a thread. `and` and `or` have two parts at least, texts
 * are not empty, and nothing is nested deeper than the parser allows.
 */
export type Query =
  /** Every record. */
  { type: "all" } | { type: "and"; parts: Query[] } | { type: "or"; parts: Query[] } | { type: "not"; part: Query } | Condition;

export type Condition =
  | TextCondition
  | RegexCondition
  | CompareCondition
  /** The attribute is there, whatever its value. */
  | { type: "exists"; path: string }
  | SeverityCondition
  | TimeCondition
  | IdCondition;

/** Where a text is looked for: in the message and in every attribute's values, or in one of these. */
export type Field = "any" | "message" | "service" | { path: string };
export type Comparison = "=" | ">" | ">=" | "<" | "<=";

/** One character of a word, and any number of them. */
export const ANY_ONE = 1;
export const ANY_MANY = 2;

/** A word or a phrase, cut where wildcards stand; at least one part is text. In a service it is all of the name. */
export type TextCondition = { type: "text"; field: Field; parts: (string | typeof ANY_ONE | typeof ANY_MANY)[] };

/** Over the message where the field is `any`. */
export type RegexCondition = { type: "regex"; field: Field; pattern: RegexPattern };

export type CompareCondition = { type: "compare"; field: Exclude<Field, "any">; operator: Comparison; value: string };
/** `index` is one of SEVERITIES. */
export type SeverityCondition = { type: "severity"; operator: Comparison; index: number };
export type TimeCondition = { type: "time"; field: "timestamp" | "received_at"; operator: Comparison; time: Timestamp };
export type IdCondition = { type: "id"; operator: Comparison; id: number };

/** A regular expression that was read and looked through; see `readPattern`. */
export type RegexPattern = {
  /** As it was written, without slashes. */
  source: string;
  ignoreCase: boolean;
  /** The same for the built-in engine (flag `u`) and for re2js. */
  builtin: string;
  linear: string;
  /** Texts all of which occur wherever it matches, the longest first; in lower case where case does not count. */
  literals: string[];
  /** Whether it asks what stands around a place (^ $ \b \B). Where it does not it matches a text that has a part which it matches. */
  usesPlaces: boolean;
  /** The built-in engine takes at most `factor * length ** power` steps over a text; both may be infinite. */
  factor: number;
  power: number;
};
