import { parseArgs } from "node:util";
import type { DuckDbModule } from "./duckdb-package.ts";

/**
 * DuckDB in a process of its own, on two threads and a file: runs the SQL of each POST and answers with the rows as JSON.
 * Takes --db, the path of the package as --module, and the token as BENCH_TOKEN.
 */

const { values } = parseArgs({ options: { db: { type: "string" }, module: { type: "string" } } });
const { DuckDBInstance } = (await import(String(values.module))) as DuckDbModule;
const instance = await DuckDBInstance.create(String(values.db), { threads: "2" });
const connection = await instance.connect();

const authorization = `Token ${process.env["BENCH_TOKEN"]}`;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  // Loading millions of records is one answer.
  idleTimeout: 0,
  async fetch(request) {
    if (request.headers.get("authorization") !== authorization) return new Response("no such token", { status: 401 });
    try {
      const reader = await connection.runAndReadAll(await request.text());
      return Response.json(reader.getRowsJson());
    } catch (error) {
      return new Response((error as Error).message, { status: 500 });
    }
  },
});
console.log(`DuckDB listens on http://127.0.0.1:${server.port}`);
process.on("SIGTERM", () => {
  server.stop(true);
  connection.closeSync();
  instance.closeSync();
  process.exit(0);
});
