import type { Source } from "./read-word.ts";

/** A pattern while it is read. */
export type RegexSource = Source & { ignoreCase: boolean };

/** Makes the error of a place in the pattern. */
export type Fail = (index: number, problem: string) => Error;
