import { readRecord } from "./read-record.ts";
import type { Renderer, RenderSettings } from "./renderer.ts";
import { messageLines, sanitizeText } from "./text/sanitize.ts";

/** Messages only: exactly as logged for a pipe; made safe, and longer ones indented, for a terminal. */
export function createRawRenderer({ terminal, paint }: RenderSettings): Renderer {
  const show = (message: string) =>
    messageLines(message)
      .map((line) => sanitizeText(line, paint.faint))
      .join("\n    ");
  return {
    render: (lines) =>
      lines
        .map((line) => readRecord(line).message)
        .map((message) => `${terminal ? show(message) : message}\n`)
        .join(""),
    finish: () => "",
  };
}
