import type { FieldsAnswer } from "../../../schema/api.ts";
import { visitAttributes } from "../../../schema/attribute-paths.ts";
import type { PageText } from "../block/block-reader.ts";
import type { Tally } from "./tally.ts";

/** What every record has. */
const BUILT_IN = ["id", "timestamp", "received_at", "service", "severity", "message"] as const;
/** So many names are listed, and names so long; senders may make up any number. */
const MAX_NAMES = 10_000;
/** So many are counted before all but those that occur most are dropped. */
const MAX_COUNTED = 2 * MAX_NAMES;
const MAX_NAME_CHARACTERS = 500;
/** So many records are read before any page is left out; after a quarter as many again, and each time again, half as many of the pages are read. */
const RECORDS_READ_AT_FIRST = 500_000;

/** In how many records a name occurs; `row` is the last one it was seen in, since a record may have it twice. */
type Name = { count: number; row: number };

/**
 * Counts in how many records each attribute occurs, by its path. All pages are read while there are few; then one of two, one of
 * four and so on, each for as many as it stands for.
 */
export function createFieldsTally(readAtFirst = RECORDS_READ_AT_FIRST): Tally {
  const names = new Map<string, Name>();
  let count = 0;
  let sampled = 0;
  let omitted = 0;
  let exact = true;
  /** One page of so many is read. */
  let step = 1;
  let skipped = 0;

  /** Of the record that was read last. */
  function addName(path: string): void {
    const known = names.get(path);
    if (known !== undefined) {
      if (known.row !== sampled) known.count += step;
      known.row = sampled;
    } else if (path.length <= MAX_NAME_CHARACTERS) {
      if (names.size >= MAX_COUNTED) dropRare();
      names.set(path, { count: step, row: sampled });
    } else omitted += step;
  }

  /** Those dropped may come again, and their counts are short then: no answer is exact any more. */
  function dropRare(): void {
    const byCount = [...names].sort(([, a], [, b]) => b.count - a.count);
    for (const [path, name] of byCount.slice(MAX_NAMES)) {
      omitted += name.count;
      names.delete(path);
    }
    exact = false;
  }

  function addPage({ text, offsets }: PageText, rows: number, alive: Uint8Array | undefined): void {
    const starts = offsets();
    for (let row = 0; row < rows; row += 1) {
      if (alive?.[row] === 0) continue;
      count += step;
      sampled += 1;
      const [start, end] = [starts[row] as number, starts[row + 1] as number];
      if (start < end) visitAttributes(JSON.parse(text.slice(start, end)), addName);
    }
    if (sampled >= readAtFirst * (1 + Math.log2(step) / 4)) step *= 2;
  }

  return {
    visitor: {
      takeBlock: () => false,
      skipsPage() {
        skipped = (skipped + 1) % step;
        if (skipped !== 0) exact = false;
        return skipped !== 0;
      },
      takeRows: ({ block, page, rows, alive }) => addPage(block.attributes(page as number), rows, alive),
    },
    encode() {
      const packed: PackedFields = {
        count,
        sampled,
        omitted,
        exact,
        names: Array.from(names, ([path, name]) => [path, name.count]),
      };
      return new TextEncoder().encode(JSON.stringify(packed));
    },
    absorb(encoded) {
      const other = JSON.parse(new TextDecoder().decode(encoded)) as PackedFields;
      count += other.count;
      sampled += other.sampled;
      omitted += other.omitted;
      exact &&= other.exact;
      for (const [path, times] of other.names) {
        const known = names.get(path);
        if (known !== undefined) known.count += times;
        else {
          if (names.size >= MAX_COUNTED) dropRare();
          names.set(path, { count: times, row: 0 });
        }
      }
    },
    answer() {
      const builtIn = BUILT_IN.map((name) => ({ name, count, built_in: true as const }));
      const attributes = Array.from(names, ([name, known]) => ({ name, count: known.count }));
      attributes.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
      const unlisted = attributes.splice(MAX_NAMES).reduce((sum, { count: times }) => sum + times, omitted);
      const answer: FieldsAnswer = {
        count,
        exact,
        sampled,
        fields: [...builtIn, ...attributes],
        ...(unlisted > 0 && { omitted: unlisted }),
      };
      return `${JSON.stringify(answer)}\n`;
    },
  };
}

type PackedFields = { count: number; sampled: number; omitted: number; exact: boolean; names: [path: string, count: number][] };
