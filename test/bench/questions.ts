import type { Expected } from "./expected.ts";
import { RARE_RECORDS } from "./records.ts";
import type { SystemName } from "./systems.ts";

/** What every system is asked that has a way to ask it. */
export const QUESTION_NAMES = [
  "substring",
  "phrase",
  "regex",
  "rareWord",
  "bySeverity",
  "byMinute",
  "latestOfService",
  "latestErrors",
  "attribute",
] as const;
export type QuestionName = (typeof QUESTION_NAMES)[number];

/** A part of no word of any record. */
export const ABSENT = "etzalcoatl";
/** How many of the latest records are asked for, and how many at most where all are wanted. */
export const LATEST = 100;
export const MOST = 1000;

/** One count, or those of groups in ascending order: the same from every system that is right. */
export type Answer = number[];

/** A system with the questions it can be asked. */
export type Asker = { name: SystemName; ask: Partial<Record<QuestionName, () => Promise<Answer>>> };

/** What the records that were made have as answers: a quick wrong answer is none. */
export function expectedAnswers(expected: Expected): Record<QuestionName, Answer> {
  return {
    substring: [0],
    phrase: [expected.phrase],
    regex: [expected.regex],
    rareWord: [RARE_RECORDS],
    bySeverity: expected.bySeverity,
    byMinute: expected.byMinute,
    latestOfService: [Math.min(LATEST, expected.ofService)],
    latestErrors: [Math.min(LATEST, expected.errors)],
    attribute: [Math.min(MOST, expected.ofUser)],
  };
}

/** Throws unless the answer is the expected one. */
export function checkAnswer(system: SystemName, question: string, answer: Answer, expected: Answer): void {
  if (Bun.deepEquals(answer, expected)) return;
  throw new Error(`${system}: ${question} gave ${answer.join(" ")}, not ${expected.join(" ")}`);
}
