import { LogctlError } from "../errors.ts";

const BLANK = /\s/;

/**
 * The terms of a `q`: words, and "quoted phrases" in which `\"` is a quote and `\\` a backslash. All of them must be
 * found. Throws `invalid_query`, naming the position counted from 1, where a quote is never closed, a phrase is blank,
 * or there are no terms at all.
 */
export function parseTerms(q: string): string[] {
  const terms: string[] = [];
  for (let at = 0; at < q.length; ) {
    if (BLANK.test(q[at] as string)) {
      at += 1;
    } else if (q[at] === '"') {
      const { phrase, end } = readPhrase(q, at);
      terms.push(phrase);
      at = end;
    } else {
      const start = at;
      while (at < q.length && !BLANK.test(q[at] as string)) at += 1;
      terms.push(q.slice(start, at));
    }
  }
  if (terms.length === 0) throw invalid('q is blank; give words or a "quoted phrase"');
  return terms;
}

/** The phrase whose opening quote is at `start`; `end` is behind its closing quote. */
function readPhrase(q: string, start: number): { phrase: string; end: number } {
  let phrase = "";
  for (let at = start + 1; at < q.length; at += 1) {
    const next = q[at + 1];
    if (q[at] === '"') {
      if (phrase.trim() === "") throw invalid(`q: the phrase at position ${start + 1} is blank`);
      return { phrase, end: at + 1 };
    }
    if (q[at] === "\\" && (next === '"' || next === "\\")) at += 1;
    phrase += q[at];
  }
  throw invalid(`q: the quote at position ${start + 1} is never closed`);
}

function invalid(message: string): LogctlError {
  return new LogctlError("invalid_query", message, { field: "q" });
}
