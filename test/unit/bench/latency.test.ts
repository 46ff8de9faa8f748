import { describe, expect, test } from "bun:test";
import { createTally } from "../../bench/expected.ts";
import { measureLatencies, SAMPLES, WARMUPS } from "../../bench/latency.ts";
import { NotAvailable } from "../../bench/not-available.ts";
import type { Asker } from "../../bench/questions.ts";
import { RARE_RECORDS } from "../../bench/records.ts";

const expected = createTally().sum();

async function measure(askers: Asker[]) {
  const gaps: string[] = [];
  const latencies = await measureLatencies(
    askers,
    expected,
    () => {},
    (system, question, why) => gaps.push(`${system} ${question} ${why}`),
  );
  return { latencies, gaps };
}

describe("measuring latencies", () => {
  test("asks the systems in turn, and has a time of each question for those that can be asked", async () => {
    const asked: string[] = [];
    const ask = (name: "logctl" | "duckdb"): Asker => ({
      name,
      ask: {
        rareWord: async () => {
          asked.push(name);
          return [RARE_RECORDS];
        },
      },
    });
    const { latencies, gaps } = await measure([ask("logctl"), ask("duckdb")]);
    expect(asked).toEqual(Array.from({ length: WARMUPS + SAMPLES }, () => ["logctl", "duckdb"]).flat());
    expect(Object.keys(latencies.rareWord)).toEqual(["logctl", "duckdb"]);
    expect(latencies.phrase).toEqual({});
    expect(gaps).toEqual([]);
  });

  test("fails on a wrong answer, naming who gave it", async () => {
    const wrong: Asker = { name: "sqlite", ask: { rareWord: async () => [RARE_RECORDS - 1] } };
    await expect(measure([wrong])).rejects.toThrow("sqlite: rareWord gave 6, not 7");
  });

  test("says of a question that a system does not know that it is not available, and asks the others", async () => {
    const unable: Asker = {
      name: "logctl",
      ask: {
        rareWord: async () => {
          throw new NotAvailable("answered 400");
        },
      },
    };
    const able: Asker = { name: "duckdb", ask: { rareWord: async () => [RARE_RECORDS] } };
    const { latencies, gaps } = await measure([unable, able]);
    expect(Object.keys(latencies.rareWord)).toEqual(["duckdb"]);
    expect(gaps).toEqual(["logctl rareWord answered 400"]);
  });

  test("fails where a system fails", async () => {
    const broken: Asker = { name: "logctl", ask: { rareWord: () => Promise.reject(new Error("answered 500")) } };
    await expect(measure([broken])).rejects.toThrow("answered 500");
  });
});
