import { type Command, Option } from "commander";
import type { Connection } from "../../client/connection.ts";
import { type Answer, readAnswer } from "../../client/read/read-answer.ts";
import type { OutputStream } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { GROUP_FORMATS, type GroupFormat, type RenderedGroups, renderGroups } from "../../render/groups.ts";
import type { RenderSettings } from "../../render/renderer.ts";
import { type FieldsAnswer, fieldsAnswerSchema, groupsAnswerSchema, statsAnswerSchema } from "../../schema/api.ts";
import { MAX_GROUPS } from "../../schema/limits.ts";
import { statsColumns } from "../../schema/stats-columns.ts";
import { parseWholeNumber } from "../options/parse-whole-number.ts";

export type GroupFlags = {
  /** True where no field was named. */
  stats?: true | string[];
  fields?: true | string;
  interval?: string;
  top?: string;
  of?: string;
  distinct?: string;
};

const PAGE_FLAGS = ["count", "limit", "offset", "order", "sort"];

/** The flags that ask for numbers of records instead of records. */
export function addGroupOptions(command: Command): Command {
  return command
    .addOption(new Option("--stats [field...]", "count by service, severity or attributes").conflicts([...PAGE_FLAGS, "fields"]))
    .option("--interval <length>", "with --stats: also by time, such as 30s, 5m, 1h or 1d")
    .option("--of <attribute>", "with --stats: sum up its numbers, with percentiles")
    .option("--distinct <field>", "with --stats: how many different values it has")
    .option("--top <n>", "with --stats or --fields: only the largest")
    .addOption(new Option("--fields [name]", "which fields there are, or the values of one").conflicts([...PAGE_FLAGS, "stats"]));
}

export function asksForGroups({ stats, fields, interval, of, distinct, top }: GroupFlags): boolean {
  if (stats !== undefined || fields !== undefined) return true;
  const flag = Object.entries({ interval, of, distinct, top }).find(([, value]) => value !== undefined)?.[0];
  if (flag !== undefined) throw new LogctlError("usage", `--${flag} says what --stats counts: give --stats as well`);
  return false;
}

/** Asks a collector; `note` is for people. */
type Question = (connection: Connection, signal: AbortSignal) => Promise<RenderedGroups & { note?: string }>;

export type ShowGroupsOptions = {
  flags: GroupFlags;
  filter: URLSearchParams;
  output: string | undefined;
  settings: RenderSettings;
  connect: () => Promise<Connection>;
  stdout: OutputStream;
  stderr: OutputStream;
  signal: AbortSignal;
};

/** Asks for the groups and writes them. Throws `usage` before anything is sent where the flags do not go together. */
export async function showGroups({
  flags,
  filter,
  output,
  settings,
  connect,
  stdout,
  stderr,
  signal,
}: ShowGroupsOptions): Promise<void> {
  const format = formatOf(output, stdout.isTTY);
  const ask = flags.fields === undefined ? askForStats(flags, filter) : askForFields(flags, filter);
  const groups = await ask(await connect(), signal);
  stdout.write(renderGroups(format, groups, settings));
  await stdout.drain();
  if (groups.note !== undefined) stderr.write(`${groups.note}\n`);
  if (groups.answer.groups.length === 0 && stdout.isTTY) stderr.write("no records match\n");
}

function formatOf(output: string | undefined, isTTY: boolean): GroupFormat {
  const format = output ?? (isTTY ? "table" : "ndjson");
  const known = GROUP_FORMATS.find((name) => name === format);
  if (known !== undefined) return known;
  throw new LogctlError("usage", `--output '${format}' shows no groups; use one of ${GROUP_FORMATS.join(", ")}`);
}

function askForStats({ stats, interval, of, distinct, top }: GroupFlags, filter: URLSearchParams): Question {
  const by = stats === true || stats === undefined ? [] : stats.flatMap((field) => field.split(","));
  if (top !== undefined && by.length === 0)
    throw new LogctlError("usage", "--top chooses among groups: name a field behind --stats");
  const parameters = new URLSearchParams(filter);
  if (by.length > 0) parameters.set("by", by.join(","));
  for (const [name, value] of Object.entries({ interval, of, distinct, top: checkTop(top) }))
    if (value) parameters.set(name, value);
  const shape = { by, interval: interval !== undefined, of: of !== undefined, distinct: distinct !== undefined };
  const isGrouped = by.length > 0 || shape.interval || shape.of || shape.distinct;
  const target = `/logs/stats?${parameters}`;
  return async (connection, signal) => {
    const columns = statsColumns(shape);
    if (isGrouped) return ofGroups(columns, await readAnswer(connection, target, groupsAnswerSchema, signal));
    const { value, text } = await readAnswer(connection, target, statsAnswerSchema, signal);
    return { columns, answer: { count: value.count, groups: [{ count: value.count }] }, text };
  };
}

function askForFields({ fields, interval, of, distinct, top }: GroupFlags, filter: URLSearchParams): Question {
  const flag = Object.entries({ interval, of, distinct }).find(([, value]) => value !== undefined)?.[0];
  if (flag !== undefined) throw new LogctlError("usage", `--${flag} goes with --stats, not with --fields`);
  const parameters = new URLSearchParams(filter);
  if (top !== undefined) parameters.set("top", checkTop(top) as string);
  if (typeof fields === "string") {
    const target = `/logs/fields/${encodeURIComponent(fields)}?${parameters}`;
    return async (connection, signal) =>
      ofGroups(["value", "count"], await readAnswer(connection, target, groupsAnswerSchema, signal));
  }
  if (top !== undefined) throw new LogctlError("usage", "--top goes with --fields and a name, or with --stats");
  const target = `/logs/fields?${parameters}`;
  return async (connection, signal) => ofFields(await readAnswer(connection, target, fieldsAnswerSchema, signal));
}

function checkTop(top: string | undefined): string | undefined {
  return top === undefined ? undefined : String(parseWholeNumber("--top", top, 1, MAX_GROUPS));
}

function ofGroups(columns: readonly string[], { value, text }: Answer<RenderedGroups["answer"]>): RenderedGroups {
  return { columns, answer: value, text };
}

function ofFields({ value, text }: Answer<FieldsAnswer>): RenderedGroups & { note?: string } {
  const { count, exact, sampled, fields, omitted } = value;
  const groups = fields.map((field) => ({ name: field.name, count: field.count }));
  const answer = { count, groups, ...(omitted !== undefined && { other: omitted }) };
  const note = `estimates: the attributes of ${sampled} of about ${count} records were read`;
  return { columns: ["name", "count"], answer, text, ...(!exact && { note }) };
}
