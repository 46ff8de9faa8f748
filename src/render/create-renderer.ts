import { createCsvRenderer } from "./csv.ts";
import { createJsonRenderer } from "./json.ts";
import { createLineRenderer } from "./line.ts";
import { createLogfmtRenderer } from "./logfmt.ts";
import { createNdjsonRenderer } from "./ndjson.ts";
import { createRawRenderer } from "./raw.ts";
import type { Renderer, RenderSettings } from "./renderer.ts";
import { createTableRenderer } from "./table.ts";

/** The formats in which records are shown. */
export const OUTPUT_FORMATS = ["table", "line", "json", "ndjson", "csv", "logfmt", "raw"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

const RENDERERS = {
  table: createTableRenderer,
  line: createLineRenderer,
  json: createJsonRenderer,
  ndjson: createNdjsonRenderer,
  csv: createCsvRenderer,
  logfmt: createLogfmtRenderer,
  raw: createRawRenderer,
} satisfies Record<OutputFormat, (settings: RenderSettings) => Renderer>;

export function createRenderer(format: OutputFormat, settings: RenderSettings): Renderer {
  return RENDERERS[format](settings);
}
