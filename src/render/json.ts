import { parseExactJson } from "../schema/exact-json.ts";
import { readRecord } from "./read-record.ts";
import type { Renderer, RenderSettings } from "./renderer.ts";
import { sanitizeJson } from "./text/sanitize.ts";

/** A JSON array: a record a line, as the server sent it, for a pipe; spread out and safe for a terminal. No records are `[]`. */
export function createJsonRenderer({ terminal }: RenderSettings): Renderer {
  let begun = false;
  const format = (line: string) => {
    readRecord(line);
    return terminal ? formatForPeople(line) : line;
  };
  return {
    render(lines) {
      return lines
        .map((line) => {
          const before = begun ? ",\n" : "[\n";
          begun = true;
          return before + format(line);
        })
        .join("");
    },
    finish: () => (begun ? "\n]\n" : "[]\n"),
  };
}

function formatForPeople(line: string): string {
  const lines = JSON.stringify([parseExactJson(line)], null, 2)
    .split("\n")
    .slice(1, -1);
  return lines.map(sanitizeJson).join("\n");
}
