import { Database } from "bun:sqlite";
import { NO_FILTER } from "../../src/query/filter.ts";
import { openStore } from "../../src/store/blocks/open-block-store.ts";
import type { SearchPlan } from "../../src/store/search-plan.ts";
import type { Store } from "../../src/store/store.ts";
import { appendTo, BASE_MS, type KnownRecord, type NewRecord } from "./random-records.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** Every record, as it came. */
export const EVERYTHING: SearchPlan = {
  filter: NO_FILTER,
  sort: "received_at",
  order: "asc",
  offset: 0,
  limit: Number.POSITIVE_INFINITY,
  format: "ndjson",
};

export type TestStore = AsyncDisposable & {
  store: Store;
  path: string;
  /** What went wrong in the background. */
  failures: Error[];
  /** Every record that `append` was told is on disk, in the order of arrival. */
  known: KnownRecord[];
  /** One call at a time, and no other appends beside: ids follow the calls. Each is received a millisecond after the last. */
  append(records: NewRecord[]): Promise<void>;
  /** How many blocks there are. */
  blocks(): number;
  /** Closes the store and opens it again. */
  reopen(): Promise<void>;
};

/** A store with its threads, in a folder of its own. */
export async function openTestStore(): Promise<TestStore> {
  const folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  const failures: Error[] = [];
  const known: KnownRecord[] = [];
  let receivedMs = BASE_MS;
  const open = () => openStore({ path, pid: process.pid, now: () => receivedMs, onFailure: (error) => failures.push(error) });
  let store = await open();
  let reader = new Database(path, { readonly: true });
  return {
    get store() {
      return store;
    },
    path,
    failures,
    known,
    async append(records) {
      receivedMs += 1;
      const stored = records.map((record, index) => ({
        ...record,
        ms: Number.isNaN(record.ms) ? receivedMs : record.ms,
        id: known.length + index + 1,
        receivedMs,
      }));
      await appendAll(store, records);
      for (const record of stored) known.push(record);
    },
    blocks: () => (reader.query("SELECT count(*) AS n FROM block").get() as { n: number }).n,
    async reopen() {
      reader.close();
      await store.close();
      store = await open();
      reader = new Database(path, { readonly: true });
    },
    async [Symbol.asyncDispose]() {
      reader.close();
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export async function appendAll(store: Store, records: NewRecord[]): Promise<void> {
  await store.append((batch) => {
    for (const record of records) appendTo(batch, record);
    return {};
  });
}

export type Answer = { text: string; rows: number; pieces: number; last: SearchPlan["after"] };

/** All of an answer. */
export async function answerOf(store: Store, plan: Partial<SearchPlan> = {}): Promise<Answer> {
  const decoder = new TextDecoder();
  const answer: Answer = { text: "", rows: 0, pieces: 0, last: undefined };
  for await (const { bytes, rows, last } of store.search({ ...EVERYTHING, ...plan })) {
    answer.text += decoder.decode(bytes, { stream: true });
    answer.rows += rows;
    answer.pieces += 1;
    answer.last = last;
  }
  return answer;
}

/** The ids found, in order. */
export async function idsOf(store: Store, plan: Partial<Omit<SearchPlan, "format">> = {}): Promise<number[]> {
  const { text } = await answerOf(store, { ...plan, format: "ndjson" });
  return Array.from(text.matchAll(/^\{"id":(\d+)/gm), ([, id]) => Number(id));
}

/** The whole numbers from 1 on. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
