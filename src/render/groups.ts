import type { GroupsAnswer } from "../schema/api.ts";
import { writeCsvLine } from "../schema/csv.ts";
import { statsCells, writeStatsCsv } from "../schema/stats-columns.ts";
import { renderGroupsTable } from "./groups-table.ts";
import type { RenderSettings } from "./renderer.ts";
import { sanitizeJson, sanitizeText } from "./text/sanitize.ts";

/** The formats in which groups are shown. */
export const GROUP_FORMATS = ["table", "json", "ndjson", "csv"] as const;
export type GroupFormat = (typeof GROUP_FORMATS)[number];

/** Groups, the names of what is said of each, and the answer as the collector wrote it. */
export type RenderedGroups = { columns: readonly string[]; answer: GroupsAnswer; text: string };

/** Groups as text: for a pipe as they are, for a terminal made safe. */
export function renderGroups(format: GroupFormat, groups: RenderedGroups, settings: RenderSettings): string {
  const { columns, answer, text } = groups;
  const { terminal } = settings;
  if (format === "table") return renderGroupsTable(columns, answer, settings);
  if (format === "csv") return terminal ? csvForTerminal(groups) : writeStatsCsv(columns, answer);
  if (format === "json") return terminal ? spreadOut(text) : text;
  const lines = answer.groups.map((group) => JSON.stringify(group));
  if (answer.other) lines.push(JSON.stringify({ other: answer.other }));
  return lines.map((line) => `${terminal ? sanitizeJson(line) : line}\n`).join("");
}

function csvForTerminal({ columns, answer }: RenderedGroups): string {
  return [columns, ...statsCells(columns, answer)]
    .map((cells) => `${writeCsvLine(cells.map((cell) => sanitizeText(cell))).trimEnd()}\n`)
    .join("");
}

function spreadOut(text: string): string {
  const lines = JSON.stringify(JSON.parse(text), null, 2).split("\n");
  return lines.map((line) => `${sanitizeJson(line)}\n`).join("");
}
