import { MAX_GROUPS } from "../../../schema/limits.ts";
import { SEVERITIES } from "../../../schema/severity.ts";
import { hasGroups, type StatsPlan } from "../../stats-plan.ts";
import type { BlockReader } from "../block/block-reader.ts";
import { createByteReader } from "../bytes/byte-reader.ts";
import { createByteWriter } from "../bytes/byte-writer.ts";
import { isKeptAsText, NUMBER } from "../compile/compare-scalar.ts";
import type { Matcher } from "../match/match.ts";
import type { RowsOfBlock } from "../search/walk-range.ts";
import { countServicesAndSeverities } from "./block-counts.ts";
import { type Combined, combineColumns, countNumbers } from "./combine-columns.ts";
import { type FieldColumn, readFieldColumn, readTimeColumn, SEVERITY_TEXTS, singleInterval } from "./field-column.ts";
import { createGroupTable, type Group, MAX_GROUPS_FOR_TOP } from "./group-table.ts";
import { writeStatsAnswer } from "./stats-answer.ts";
import type { Tally } from "./tally.ts";

/**
 * Counts records by group. Of rows it reads the columns that make the groups, and of a block whose rows all match, perhaps but for
 * services and severities, no more than how many there are of each where that is enough.
 */
export function createStatsTally(plan: StatsPlan): Tally {
  const { by, interval, of, distinct } = plan;
  const grouped = hasGroups(plan);
  const measured = of !== undefined || distinct !== undefined;
  const countsSuffice = !measured && by.every(({ kind }) => kind !== "attribute");
  const timesSuffice = !measured && by.length === 0 && interval?.clock === "timestamp" ? interval : undefined;
  const needsPages = of !== undefined || [...by, ...(distinct ? [distinct] : [])].some(({ kind }) => kind === "attribute");
  const table =
    plan.top === undefined ? createGroupTable(MAX_GROUPS, "ask for the largest by top, ") : createGroupTable(MAX_GROUPS_FOR_TOP);
  let total = 0;

  function addCounts(block: BlockReader, { acceptsService, filter }: Matcher, start: number | undefined): void {
    const counts = countServicesAndSeverities(block);
    for (const [service, name] of block.meta.services.entries()) {
      if (acceptsService !== undefined && !acceptsService(name)) continue;
      for (const [severity, text] of SEVERITY_TEXTS.entries()) {
        const count = counts[service * SEVERITIES.length + severity] as number;
        if (count === 0 || ((filter.severityMask >> severity) & 1) === 0) continue;
        total += count;
        if (!grouped) continue;
        const values = by.map(({ kind }) => (kind === "service" ? JSON.stringify(name) : text));
        table.add(keyOf(start === undefined ? values : [String(start), ...values]), count);
      }
    }
  }

  function takeCount(count: number): void {
    total += count;
  }

  function takeRows(rows: RowsOfBlock): void {
    const { alive } = rows;
    const time = interval && readTimeColumn(rows, interval.clock, interval.ms);
    const columns = [...(time ? [time] : []), ...by.map((field) => readFieldColumn(rows, field))];
    const numbers = of === undefined ? undefined : readFieldColumn(rows, { kind: "attribute", name: of, path: of });
    const values = distinct && readFieldColumn(rows, distinct);
    const combined = combineColumns(columns, rows.rows);
    const groups: Group[] = [];
    const counts = countNumbers(combined, alive);
    for (let number = 0; number < counts.length; number += 1) {
      const count = counts[number] as number;
      if (count === 0) continue;
      total += count;
      const indexes = grouped ? combined.indexesOf(number) : [];
      if (grouped) groups[number] = table.add(keyOf(indexes.map((index, at) => columns[at]?.values[index] as string)), count);
    }
    if (numbers !== undefined) {
      const parsed = numbers.values.map(numberOf);
      eachValue(combined, numbers, alive, (number, index, times) => {
        const value = parsed[index];
        if (value !== undefined) table.addNumber(groups[number] as Group, value, times);
      });
    }
    if (values !== undefined) {
      eachValue(combined, values, alive, (number, index) => {
        const value = values.values[index] as string;
        if (value !== "null") table.addValue(groups[number] as Group, value);
      });
    }
  }

  return {
    visitor: {
      takeBlock(block, matcher, matchesAll) {
        const { meta } = block;
        if (!grouped && matchesAll) {
          total += meta.rows;
          return true;
        }
        const start = interval && singleInterval(meta, interval.clock, interval.ms);
        if (countsSuffice && (interval === undefined || start !== undefined)) {
          addCounts(block, matcher, start);
          return true;
        }
        if (matchesAll && timesSuffice && block.dense !== undefined) {
          for (const [start, count] of block.dense.countPer(timesSuffice.ms)) {
            total += count;
            table.add(keyOf([String(start)]), count);
          }
          return true;
        }
        if (!matchesAll || (needsPages && block.dense === undefined)) return false;
        takeRows({ block, page: undefined, rows: meta.rows, alive: undefined });
        return true;
      },
      takeRows,
      ...(!grouped && { takeCount }),
    },
    encode() {
      const writer = createByteWriter();
      writer.varint(total);
      table.encode(writer);
      return writer.copyFrom(0);
    },
    absorb(encoded) {
      const reader = createByteReader(encoded);
      total += reader.varint();
      table.absorb(reader);
    },
    answer: () => writeStatsAnswer(plan, total, table.groups),
  };
}

function keyOf(values: string[]): string {
  return `[${values.join(",")}]`;
}

/** Calls `take` for each value of the column that occurs in each combination, with how many of the rows that are `alive` have both. */
function eachValue(
  { numbers, size }: Combined,
  column: FieldColumn,
  alive: Uint8Array | undefined,
  take: (number: number, index: number, times: number) => void,
): void {
  const pairs = combineColumns([{ size, indexes: size === 1 ? undefined : numbers }, column], numbers.length);
  const counts = countNumbers(pairs, alive);
  for (let pair = 0; pair < counts.length; pair += 1) {
    const times = counts[pair] as number;
    if (times === 0) continue;
    const [number = 0, index = 0] = pairs.indexesOf(pair);
    take(number, index, times);
  }
}

/**
 * The number that a JSON text is, also one beyond 2^53, which is kept as text; undefined where it is none, or larger than
 * a double can be.
 */
function numberOf(json: string): number | undefined {
  const value: unknown = JSON.parse(json);
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !NUMBER.test(value)) return undefined;
  const number = Number(value);
  return isKeptAsText(number) && Number.isFinite(number) ? number : undefined;
}
