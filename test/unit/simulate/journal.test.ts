import { describe, expect, test } from "bun:test";
import type { ItemError } from "../../../src/schema/api.ts";
import type { SimulatedRecord } from "../../../src/simulate/generator.ts";
import { createJournal, type Journal } from "../../../src/simulate/journal.ts";

const record: SimulatedRecord = { timestamp: "2026-11-24T10:00:00Z", severity: "INFO", message: "m", attributes: { a: 1 } };

function journalOf(records: number): Journal {
  const journal = createJournal("run");
  for (let i = 0; i < records; i += 1) journal.number(record);
  return journal;
}

const accepted = (count: number) => ({ accepted: count, rejected: 0, errors: [] });
const refusalAt = (index: number): ItemError => ({ index, code: "missing_message", field: "message", message: "is missing" });

describe("the journal of a simulation", () => {
  test("gives each record the simulation and a number", () => {
    const journal = createJournal("run");
    expect([journal.number(record), journal.number(record)]).toEqual([
      { ...record, attributes: { a: 1, simulation: "run", number: 1 } },
      { ...record, attributes: { a: 1, simulation: "run", number: 2 } },
    ]);
    expect(record.attributes).toEqual({ a: 1 });
  });

  test("accounts for each record by what was acknowledged and what was found", () => {
    const journal = journalOf(3000);
    journal.acknowledge(1, 2000, accepted(2000));
    for (let number = 1; number <= 2500; number += 1)
      if (number !== 7 && number !== 1024) expect(journal.found(number)).toBe(true);
    for (const number of [9, 9, 2400]) journal.found(number);
    expect(journal.account()).toEqual({
      stored: 1997,
      lost: 2,
      doubled: 2,
      unacknowledged: 499,
      absent: 500,
      examples: { lost: [7, 1024], doubled: [9, 2400] },
    });
  });

  test("takes a record that was refused for one that was not acknowledged", () => {
    const journal = journalOf(5);
    journal.acknowledge(2, 3, { accepted: 2, rejected: 1, errors: [refusalAt(1)] });
    for (const number of [2, 4]) journal.found(number);
    expect(journal.account()).toMatchObject({ stored: 2, lost: 0, unacknowledged: 0, absent: 3 });
  });

  test("knows nothing of an answer that does not name all it refused", () => {
    const journal = journalOf(3);
    journal.acknowledge(1, 3, { accepted: 1, rejected: 2, errors: [refusalAt(0)], errors_omitted: 1 });
    journal.found(3);
    expect(journal.account()).toMatchObject({ stored: 0, lost: 0, unacknowledged: 1, absent: 2 });
  });

  test("has no record of a number that was never given", () => {
    const journal = journalOf(2);
    expect([0, 3, -1, 1.5, Number.NaN].map((number) => journal.found(number))).toEqual([false, false, false, false, false]);
  });

  test("starting over forgets what was found, not what was acknowledged", () => {
    const journal = journalOf(2);
    journal.acknowledge(1, 2, accepted(2));
    for (const number of [1, 2]) journal.found(number);
    journal.startOver();
    journal.found(1);
    expect(journal.account()).toMatchObject({ stored: 1, lost: 1, doubled: 0 });
  });
});
