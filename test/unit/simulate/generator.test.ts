import { describe, expect, test } from "bun:test";
import { createGenerator } from "../../../src/simulate/generator.ts";
import { recordSchema } from "../../support/reference-record.ts";

const NOW = Date.parse("2026-11-24T10:00:00.123Z");
const tell = (seed: number, service: string | undefined, count: number) => {
  const generate = createGenerator(seed, () => NOW);
  return Array.from({ length: count }, () => generate(service));
};

describe("createGenerator", () => {
  test("tells the same story for the same seed, and another for another", () => {
    expect(tell(1, "reports", 50)).toEqual(tell(1, "reports", 50));
    expect(tell(1, "reports", 50)).not.toEqual(tell(2, "reports", 50));
  });

  test.each(["reports", "payments", "chat", "shop", undefined])("makes up records that a collector takes, for %s", (service) => {
    const records = tell(3, service, 500);
    for (const record of records) {
      const { message, ...stored } = recordSchema.parse(record);
      expect(message).not.toMatch(/undefined|NaN|\[object/);
      expect(stored).toMatchObject({ service: service ?? null, severity: record.severity, timestamp: { ms: NOW, digits: 3 } });
    }
    expect("service" in (records[0] ?? {})).toBe(service !== undefined);
    const severities = records.map(({ severity }) => severity);
    expect(new Set(severities).size).toBeGreaterThanOrEqual(3);
    expect(severities).toContain("ERROR");
  });

  test("tells of what the service does", () => {
    const messages = (service: string) =>
      tell(1, service, 100)
        .map(({ message }) => message)
        .join("\n");
    expect(messages("payments")).toContain("payment");
    expect(messages("reports")).not.toContain("payment");
    expect(messages("chat")).toContain("joined #");
  });
});
