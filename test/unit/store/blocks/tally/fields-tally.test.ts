import { describe, expect, test } from "bun:test";
import { fieldsAnswerSchema } from "../../../../../src/schema/api.ts";
import type { BlockReader, PageText } from "../../../../../src/store/blocks/block/block-reader.ts";
import { createFieldsTally } from "../../../../../src/store/blocks/tally/fields-tally.ts";
import type { Tally } from "../../../../../src/store/blocks/tally/tally.ts";

/** Shows the tally a page of attributes, unless it leaves it out. */
function show({ visitor }: Tally, attributes: string[], alive?: number[]): void {
  if (visitor.skipsPage?.()) return;
  const offsets = new Uint32Array(attributes.length + 1);
  for (const [row, text] of attributes.entries()) offsets[row + 1] = (offsets[row] as number) + text.length;
  const page: PageText = { text: attributes.join(""), isAscii: false, offsets: () => offsets };
  const block = { attributes: () => page } as unknown as BlockReader;
  visitor.takeRows({ block, page: 0, rows: attributes.length, alive: alive && Uint8Array.from(alive) });
}

function answerOf(tally: Tally) {
  const answer = fieldsAnswerSchema.strict().parse(JSON.parse(tally.answer()));
  const attributes = answer.fields.filter((field) => !field.built_in).map(({ name, count }) => [name, count] as const);
  return { ...answer, attributes, builtIn: answer.fields.filter((field) => field.built_in) };
}

describe("the names of fields", () => {
  test("are paths into nested objects, each counted once a record, of the rows that match", () => {
    const tally = createFieldsTally();
    show(tally, ['{"a":1,"b":{"c":{"d":2},"e":[{"f":1}]}}', "", '{"a":null,"a.b":1,"a.b":2}'], [1, 1, 1]);
    show(tally, ['{"b":{"c":{}},"b.c":1}', '{"zzz":1}'], [1, 0]);
    expect(answerOf(tally)).toMatchObject({
      count: 4,
      exact: true,
      sampled: 4,
      attributes: [
        ["a", 2],
        ["a.b", 1],
        ["b.c", 1],
        ["b.c.d", 1],
        ["b.e", 1],
      ],
    });
    expect(answerOf(tally).builtIn.map(({ name, count }) => `${name} ${count}`)).toEqual([
      ...["id 4", "timestamp 4", "received_at 4", "service 4", "severity 4", "message 4"],
    ]);
  });

  test("are few, however many senders make up; what is not listed is counted", () => {
    const tally = createFieldsTally();
    show(
      tally,
      Array.from({ length: 12_000 }, (_, i) => `{"k${i}":1,"always":2}`),
    );
    show(tally, [`{"${"x".repeat(600)}":1}`]);
    const { attributes, omitted } = answerOf(tally);
    expect([attributes.length, attributes[0], omitted]).toEqual([10_000, ["always", 12_000], 2001 + 1]);
    const other = createFieldsTally();
    show(other, ['{"new":1}']);
    other.absorb(tally.encode());
    expect([answerOf(other).attributes.length, answerOf(other).omitted]).toEqual([10_000, 2003 + 0]);
  });

  test("that occur most are listed, however many came before them", () => {
    for (const [rare, exact] of [
      [10_001, true],
      [50_000, false],
    ] as const) {
      const tally = createFieldsTally();
      show(
        tally,
        Array.from({ length: rare }, (_, i) => `{"k${i}":1}`),
      );
      show(
        tally,
        Array.from({ length: 50 }, () => '{"user":1}'),
      );
      const merged = createFieldsTally();
      merged.absorb(tally.encode());
      for (const answer of [answerOf(tally), answerOf(merged)]) {
        expect([answer.attributes[0], answer.attributes.length, answer.omitted, answer.exact]).toEqual([
          ...[["user", 50] as const, 10_000],
          ...[rare + 1 - 10_000, exact],
        ]);
      }
    }
  });

  test("that occur most stay listed when many others follow, and what was dropped is told", () => {
    const tally = createFieldsTally();
    const rare = (from: number) => Array.from({ length: 15_000 }, (_, i) => `{"k${from + i}":1}`);
    for (const rows of [rare(0), ['{"user":1}', '{"user":1}'], rare(15_000)]) show(tally, rows);
    const { attributes, omitted, exact } = answerOf(tally);
    expect([attributes[0], omitted, exact]).toEqual([["user", 2], 20_001, false]);
  });

  test("are read from fewer and fewer pages when there are very many, and the answer says so", () => {
    const tally = createFieldsTally(100);
    for (let page = 0; page < 200; page += 1)
      show(
        tally,
        Array.from({ length: 10 }, (_, i) => (i < 5 ? '{"half":1}' : "")),
      );
    const { count, exact, sampled, attributes } = answerOf(tally);
    expect(exact).toBe(false);
    expect(sampled).toBeLessThan(600);
    expect(Math.abs(count - 2000)).toBeLessThan(300);
    expect(attributes).toEqual([["half", count / 2]]);
  });

  test("of several threads add up", () => {
    const first = createFieldsTally();
    const second = createFieldsTally();
    show(first, ['{"a":1}', '{"b":1}']);
    show(second, ['{"a":1}', ""]);
    first.absorb(second.encode());
    expect(answerOf(first)).toMatchObject({
      count: 4,
      exact: true,
      attributes: [
        ["a", 2],
        ["b", 1],
      ],
    });
  });
});
