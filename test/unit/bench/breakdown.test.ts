import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PART } from "../../../src/store/blocks/block/plain-block.ts";
import { readBreakdown } from "../../bench/breakdown.ts";

const folder = mkdtempSync(join(tmpdir(), "logctl-breakdown-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the breakdown of a database", () => {
  const path = join(folder, "logs.db");
  const database = new Database(path, { create: true });
  database.run("CREATE TABLE block_part (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT");
  const insert = database.query("INSERT INTO block_part VALUES (?, ?)");
  const put = (block: number, part: number, page: number, bytes: number) =>
    insert.run((block * 64 + part) * 256 + page, new Uint8Array(bytes));
  put(1, PART.messages, 0, 5000);
  put(1, PART.messages, 255, 700);
  put(2, PART.messages, 3, 30);
  put(2, PART.timestamp, 0, 400);
  put(3, 63, 0, 9);
  database.close();
  writeFileSync(join(folder, "logs.db-lock"), "1234");
  const parts = readBreakdown(folder);
  const bytesOf = (name: string) => parts.find((part) => part.name === name)?.bytes;

  test("adds up each part over blocks and pages, by its name, or by its number where it has none", () => {
    expect(bytesOf("messages")).toBe(5730);
    expect(bytesOf("timestamp")).toBe(400);
    expect(bytesOf("part 63")).toBe(9);
  });

  test("comes to every byte of the folder, the largest part first", () => {
    const sum = parts.reduce((total, { bytes }) => total + bytes, 0);
    expect(sum).toBe(statSync(path).size + 4);
    expect(bytesOf("WAL and other files")).toBe(4);
    expect(parts.map(({ bytes }) => bytes)).toEqual(parts.map(({ bytes }) => bytes).sort((a, b) => b - a));
  });
});
