import { PHRASE, RARE_RECORDS, RARE_WORD } from "./records.ts";
import { countRecords, getJson, type System, type SystemName } from "./systems.ts";
import type { Workload } from "./workload.ts";

const WARMUPS = 2;
const SAMPLES = 9;
const SERVICE = "payments";
const LATEST = 100;

export const QUERY_NAMES = ["latest", "rareWord", "phraseCount"] as const;
export type QueryName = (typeof QUERY_NAMES)[number];

/** Median time in ms of each query, for each system, from the request to the whole answer. */
export type Latencies = Record<QueryName, Record<SystemName, number>>;

async function searchRows(system: System, query: string): Promise<{ service?: unknown }[]> {
  const rows = await getJson(system, `/logs?${query}`);
  if (!Array.isArray(rows)) throw new Error(`${system.name}: GET /logs?${query} answered no array`);
  return rows;
}

/** Throws unless a query found what the generator put there: a quick wrong answer is none. */
function expectRows(system: System, what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${system.name}: ${what} gave ${found} records, not ${expected}`);
}

function createQueries(workload: Workload): Record<QueryName, (system: System) => Promise<void>> {
  return {
    async latest(system) {
      const rows = await searchRows(system, `service=${SERVICE}&limit=${LATEST}`);
      expectRows(system, `service=${SERVICE}`, rows.filter((row) => row.service === SERVICE).length, LATEST);
    },
    async rareWord(system) {
      const rows = await searchRows(system, `q=${RARE_WORD}&limit=100`);
      expectRows(system, `q=${RARE_WORD}`, rows.length, RARE_RECORDS);
    },
    async phraseCount(system) {
      // To logctl quotes make words a phrase; to LIKE any text is one.
      const text = system.name === "logctl" ? `"${PHRASE}"` : PHRASE;
      expectRows(system, text, await countRecords(system, `?q=${encodeURIComponent(text)}`), workload.phraseRecords);
    },
  };
}

function median(samples: number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

/** Asks the systems in turn, so that whatever else the machine does hits both alike. */
export async function measureLatencies(
  systems: readonly System[],
  workload: Workload,
  progress: (text: string) => void,
): Promise<Latencies> {
  const queries = createQueries(workload);
  const latencies: Latencies = {
    latest: { logctl: 0, baseline: 0 },
    rareWord: { logctl: 0, baseline: 0 },
    phraseCount: { logctl: 0, baseline: 0 },
  };
  for (const name of QUERY_NAMES) {
    progress(`asking both: ${name}`);
    const samples: Record<SystemName, number[]> = { logctl: [], baseline: [] };
    for (let round = 0; round < WARMUPS + SAMPLES; round += 1) {
      for (const system of systems) {
        const startedAt = performance.now();
        await queries[name](system);
        if (round >= WARMUPS) samples[system.name].push(performance.now() - startedAt);
      }
    }
    for (const system of systems) latencies[name][system.name] = median(samples[system.name]);
  }
  return latencies;
}
