import { Database } from "bun:sqlite";
import { createSchema } from "../file/database.ts";

const COLUMNS = `
SELECT t.name AS name, c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk AS piece
FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c WHERE t.type = 'table' ORDER BY t.name, c.cid`;
const INDEXES = `
SELECT t.tbl_name || ' by ' || t.name AS name, c.name AS piece
FROM sqlite_schema AS t, pragma_index_info(t.name) AS c WHERE t.type = 'index' ORDER BY t.name, c.seqno`;

/** Before this format receipts had a table of their own kind, which the next collector replaces. */
const RECEIPT_BLOCKS_SINCE = 4;

/** What differs between the tables of a database and those that it should have, a few words each. */
export function verifyLayout(database: Database): string[] {
  using reference = new Database(":memory:");
  createSchema(reference, ":memory:");
  const [found, expected] = [layoutOf(database), layoutOf(reference)];
  if (formatOf(database) < RECEIPT_BLOCKS_SINCE) {
    for (const layout of [found, expected])
      for (const name of layout.keys()) if (/^receipt\b|^receipt_/.test(name)) layout.delete(name);
  }
  const wrong: string[] = [];
  for (const [name, pieces] of expected) {
    const own = found.get(name);
    // One of before there were checksums, marks, or stamps is as it should be.
    if (own === undefined && name !== "mark" && name !== "stamp") wrong.push(`the table or index '${name}' is missing`);
    const before = pieces.filter((piece) => !piece.startsWith("checksum "));
    if (own !== undefined && own.join() !== pieces.join() && own.join() !== before.join())
      wrong.push(`the columns of '${name}' are not as they should be`);
  }
  for (const name of found.keys()) if (!expected.has(name)) wrong.push(`the table or index '${name}' is none of logctl's`);
  return wrong;
}

function formatOf(database: Database): number {
  return database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

function layoutOf(database: Database): Map<string, string[]> {
  const layout = new Map<string, string[]>();
  for (const { name, piece } of database.query<{ name: string; piece: string }, []>(COLUMNS).all())
    layout.set(name, [...(layout.get(name) ?? []), piece]);
  for (const { name, piece } of database.query<{ name: string; piece: string }, []>(INDEXES).all())
    layout.set(name, [...(layout.get(name) ?? []), piece]);
  return layout;
}
