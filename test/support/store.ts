import { Database } from "bun:sqlite";
import { openStore, type Store } from "../../src/store/open-store.ts";
import type { SearchPlan } from "../../src/store/search-plan.ts";
import { appendTo, type KnownRecord } from "./random-records.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

export type TestStore = AsyncDisposable & {
  store: Store;
  path: string;
  /** What went wrong in the background. */
  failures: Error[];
  /** Every record that was appended by `append`, in the order of arrival. */
  known: KnownRecord[];
  append(records: Omit<KnownRecord, "id" | "receivedMs">[]): Promise<void>;
  /** The ids found, in order. */
  search(plan: Omit<SearchPlan, "format">): Promise<number[]>;
  /** How many blocks there are. */
  blocks(): number;
};

/** A store with its threads, in a folder of its own. */
export async function openTestStore(): Promise<TestStore> {
  const folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  const failures: Error[] = [];
  const store = await openStore({ path, pid: process.pid, now: () => Date.now(), onFailure: (error) => failures.push(error) });
  const reader = new Database(path, { readonly: true });
  const known: KnownRecord[] = [];
  return {
    store,
    path,
    failures,
    known,
    async append(records) {
      await store.append((batch) => {
        for (const record of records) appendTo(batch, record);
        return {};
      });
      // One caller at a time: ids follow the order of the calls.
      for (const record of records) known.push({ ...record, id: known.length + 1, receivedMs: 0 });
    },
    async search(plan) {
      const decoder = new TextDecoder();
      let text = "";
      for await (const { bytes } of store.search({ ...plan, format: "ndjson" })) text += decoder.decode(bytes, { stream: true });
      return text === ""
        ? []
        : text
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line).id);
    },
    blocks: () => (reader.query("SELECT count(*) AS n FROM block").get() as { n: number }).n,
    async [Symbol.asyncDispose]() {
      reader.close();
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
