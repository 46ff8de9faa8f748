import { MAX_NESTING } from "../../schema/limits.ts";
import { isInexact } from "./inexact-numbers.ts";

/**
 * Writes the JSON text of attributes straight from what `JSON.parse` gave, without an object in between, which would
 * lose a key such as `__proto__`. Built once; its state is one text that is taken after each record.
 */
export type AttributesWriter = {
  start(): void;
  /** Adds one field; says what stands in the way, or 0. */
  add(key: string, value: unknown): number;
  /** Whether something added so far holds U+FFFD. */
  hasReplacement(): boolean;
  /** The text so far, as one JSON object; empty where nothing was added. */
  finish(): string;
};

/** The value holds a number that JavaScript cannot hold exactly: read the record's text again. */
export const INEXACT = 1;
export const TOO_DEEP = 2;

const KEPT_KEYS = 10_000;
const HALF_PAIR = /\\\\|\\ud[89a-f][0-9a-f]{2}/g;

export function createAttributesWriter(): AttributesWriter {
  // Senders use few names: their JSON text is made once. Bounded, since a hostile one could use many.
  const keyTexts = new Map<string, string>();
  let text = "";

  function textOfKey(key: string): string {
    let keyText = keyTexts.get(key);
    if (keyText === undefined) {
      keyText = `${JSON.stringify(key.toWellFormed())}:`;
      if (keyTexts.size < KEPT_KEYS && key.length < 100) keyTexts.set(key, keyText);
    }
    return keyText;
  }

  return {
    start() {
      text = "";
    },
    add(key, value) {
      let valueText: string;
      if (typeof value === "string") valueText = JSON.stringify(value.isWellFormed() ? value : value.toWellFormed());
      else if (typeof value === "number") {
        if (isInexact(value)) return INEXACT;
        valueText = String(value === 0 ? 0 : value);
      } else if (typeof value === "object" && value !== null) {
        const problem = inspect(value, MAX_NESTING - 1);
        if (problem !== 0) return problem;
        valueText = replaceHalves(JSON.stringify(value));
      } else valueText = String(value);
      text += text === "" ? textOfKey(key) + valueText : `,${textOfKey(key)}${valueText}`;
      return 0;
    },
    hasReplacement: () => text.includes("\ufffd"),
    finish: () => (text === "" ? "" : `{${text}}`),
  };
}

/** JSON.stringify escapes half a surrogate pair, which is no character: it is kept as U+FFFD. */
function replaceHalves(json: string): string {
  return json.includes("\\ud") ? json.replace(HALF_PAIR, (match) => (match === "\\\\" ? match : "\ufffd")) : json;
}

/** Looks through a nested value, which may have `levels` levels more. */
function inspect(value: unknown, levels: number): number {
  if (typeof value === "number") return isInexact(value) ? INEXACT : 0;
  if (typeof value !== "object" || value === null) return 0;
  if (levels === 0) return TOO_DEEP;
  let found = 0;
  for (const key in value) {
    const problem = inspect((value as Record<string, unknown>)[key], levels - 1);
    if (problem === TOO_DEEP) return TOO_DEEP;
    if (problem !== 0) found = problem;
  }
  return found;
}
