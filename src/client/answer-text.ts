import { LogctlError } from "../errors.ts";

/** All of an answer's text. Throws `unexpected_answer` once it is longer than `maxBytes`, and what reading it fails with. */
export async function wholeText(response: Response, maxBytes: number): Promise<string> {
  const { text, isWhole } = await startOfText(response, maxBytes);
  if (isWhole) return text;
  const size = maxBytes < 1_000_000 ? `${Math.round(maxBytes / 1000)} kB` : `${Math.round(maxBytes / 1_000_000)} MB`;
  throw new LogctlError("unexpected_answer", `the answer is larger than ${size}; is --url a logctl collector?`);
}

/** The text of an answer's first `maxBytes` bytes; no more is read than these. */
export async function startOfText({ body }: Response, maxBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body ?? []) {
    const taken = chunk.subarray(0, maxBytes - bytes);
    text += decoder.decode(taken, { stream: true });
    bytes += taken.length;
    // Leaving the loop tells the server that no more is wanted.
    if (taken.length < chunk.length) return { text: text + decoder.decode(), isWhole: false };
  }
  return { text: text + decoder.decode(), isWhole: true };
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
