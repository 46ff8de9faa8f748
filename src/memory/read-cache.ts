import type { Database } from "bun:sqlite";
import { onRelease } from "./scratch.ts";

/** Values that searches of a database read again and again: those last asked for, as many as there is room for. */
export type KeptValues = {
  /** The value under `key`; else what `make` gives, which is kept, `bytes` being about what it takes in memory. */
  get<Value>(key: string, make: () => { value: Value; bytes: number }): Value;
};

/** Keeps a value for those who read the same again, by a name that none of its other values has. */
export type Keep = <Value>(name: string | number, make: () => { value: Value; bytes: number }) => Value;

/** What a column is kept with. */
export function withBytes<Column extends { byteLength: number }>(value: Column): { value: Column; bytes: number } {
  return { value, bytes: value.byteLength };
}

const MAX_BYTES = 24 * 1024 * 1024;
/** What keeping a value takes, whatever it is: of small ones there are many. */
const ENTRY_BYTES = 256;

/** By connection, since it is what blocks are read by: where another database is opened, its blocks have the same ids. */
let valuesOf = new WeakMap<Database, KeptValues>();
onRelease(() => {
  valuesOf = new WeakMap();
});

export function keptOf(database: Database): KeptValues {
  let values = valuesOf.get(database);
  if (values === undefined) {
    values = createKeptValues(MAX_BYTES);
    valuesOf.set(database, values);
  }
  return values;
}

export function createKeptValues(maxBytes: number): KeptValues {
  // In the order in which they were last asked for.
  const kept = new Map<string, { value: unknown; bytes: number }>();
  let bytes = 0;
  return {
    get<Value>(key: string, make: () => { value: Value; bytes: number }): Value {
      const known = kept.get(key) as { value: Value; bytes: number } | undefined;
      const entry = known ?? make();
      if (known === undefined) bytes += entry.bytes + ENTRY_BYTES;
      else kept.delete(key);
      kept.set(key, entry);
      for (const [oldest, { bytes: freed }] of kept) {
        if (bytes <= maxBytes) break;
        kept.delete(oldest);
        bytes -= freed + ENTRY_BYTES;
      }
      return entry.value;
    },
  };
}
