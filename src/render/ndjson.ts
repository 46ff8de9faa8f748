import type { Renderer, RenderSettings } from "./renderer.ts";
import { sanitizeJson } from "./sanitize.ts";

/** One JSON object a line: byte by byte what the server sent for a pipe, with escapes that mean the same for a terminal. */
export function createNdjsonRenderer({ terminal }: RenderSettings): Renderer {
  return {
    render: (lines) => lines.map((line) => `${terminal ? sanitizeJson(line) : line}\n`).join(""),
    finish: () => "",
  };
}
