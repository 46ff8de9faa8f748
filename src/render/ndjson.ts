import { checkRecord } from "./read-record.ts";
import type { Renderer, RenderSettings } from "./renderer.ts";
import { sanitizeJson } from "./text/sanitize.ts";

/** One JSON object a line: byte by byte what the server sent for a pipe, with escapes that mean the same for a terminal. */
export function createNdjsonRenderer({ terminal }: RenderSettings): Renderer {
  const format = (line: string) => {
    checkRecord(line);
    return `${terminal ? sanitizeJson(line) : line}\n`;
  };
  return {
    render: (lines) => lines.map(format).join(""),
    finish: () => "",
  };
}
