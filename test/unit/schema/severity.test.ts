import { describe, expect, test } from "bun:test";
import { SEVERITIES, severityIndexOfLevel, severityIndexOfWord } from "../../../src/schema/severity.ts";

describe("a severity", () => {
  test("is known in any case, by its synonyms, and with blanks around it", () => {
    const words = {
      TRACE: ["verbose", "Silly"],
      DEBUG: ["dbg"],
      INFO: ["notice", "Information"],
      WARN: ["WARNING", " warning "],
      ERROR: ["err", "Severe"],
      CRITICAL: ["fatal", "EMERG", "panic", "alert", "crit"],
    };
    for (const [index, severity] of SEVERITIES.entries()) {
      for (const word of [severity, severity.toLowerCase(), ...words[severity]])
        expect([word, severityIndexOfWord(word)]).toEqual([word, index]);
    }
  });

  test.each(["", "loud", "warn ing", "constructor", "__proto__", "10"])("is not %j", (word) => {
    expect(severityIndexOfWord(word)).toBe(-1);
  });

  test("is known by the levels of pino and bunyan", () => {
    expect([10, 20, 30, 40, 50, 60].map(severityIndexOfLevel)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const level of [0, 5, 15, 35, 70, -10, 30.5, Number.NaN])
      expect([level, severityIndexOfLevel(level)]).toEqual([level, -1]);
  });
});
