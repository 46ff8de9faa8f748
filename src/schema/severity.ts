import { z } from "zod";

/** In order: a record's severity is stored as its index here. */
export const SEVERITIES = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const severitySchema = z.enum(SEVERITIES);

/** The index of INFO: what a record without a severity, or with one nobody knows, gets. */
export const INFO = 2;

const SYNONYMS: Record<Severity, readonly string[]> = {
  TRACE: ["TRACE", "TRC", "VERBOSE", "FINEST", "FINER", "SILLY", "ALL"],
  DEBUG: ["DEBUG", "DBG", "FINE"],
  INFO: ["INFO", "INF", "INFORMATION", "INFORMATIONAL", "NOTICE", "LOG", "HTTP", "CONFIG", "SUCCESS"],
  WARN: ["WARN", "WRN", "WARNING"],
  ERROR: ["ERROR", "ERR", "SEVERE", "FAILURE"],
  CRITICAL: ["CRITICAL", "CRIT", "FATAL", "FTL", "EMERG", "EMERGENCY", "ALERT", "PANIC"],
};

const INDEX_BY_WORD = new Map<string, number>();
for (const [index, severity] of SEVERITIES.entries()) {
  for (const word of SYNONYMS[severity]) {
    INDEX_BY_WORD.set(word, index);
    INDEX_BY_WORD.set(word.toLowerCase(), index);
  }
}

/** The index of a severity word in any case, synonyms included; -1 for a word nobody knows. */
export function severityIndexOfWord(word: string): number {
  return INDEX_BY_WORD.get(word) ?? INDEX_BY_WORD.get(word.trim().toUpperCase()) ?? -1;
}

/** The index of a pino or bunyan level (10, 20, ... 60); -1 for another number. */
export function severityIndexOfLevel(level: number): number {
  return level >= 10 && level <= 60 && level % 10 === 0 ? level / 10 - 1 : -1;
}
