import { type Command, InvalidArgumentError, Option } from "commander";
import type { RecordDefaults } from "../../client/encode-line.ts";
import { parseExactJson } from "../../schema/exact-json.ts";
import { serviceSchema } from "../../schema/record.ts";
import { SEVERITIES, type Severity, severityIndexOfWord } from "../../schema/severity.ts";
import { parseTimestamp } from "../../schema/timestamp.ts";

export type RecordFlags = {
  service?: string;
  severity?: Severity;
  timestamp?: string;
  attribute?: ReadonlyMap<string, string>;
};

/** The flags for the fields of a record. What the collector would refuse is refused here already. */
export function addRecordOptions(command: Command): Command {
  const service = new Option("--service <name>", "the service that writes (default: the token's)").argParser(parseService);
  const severity = new Option("--severity <word>", `${SEVERITIES.join(", ")} or a usual synonym (default: INFO)`);
  const timestamp = new Option("--timestamp <time>", "when it happened, ISO 8601 or epoch (default: when it is received)");
  const attribute = new Option("--attribute <key=value>", "repeatable; a value that is JSON is taken as JSON, else as text");
  return command
    .addOption(service)
    .addOption(severity.argParser(parseSeverity))
    .addOption(timestamp.argParser(parseTime))
    .addOption(attribute.argParser(addAttribute));
}

/** What a record gets by the flags where it says nothing itself. */
export function recordDefaults({ service, severity, timestamp, attribute }: RecordFlags): RecordDefaults {
  return {
    ...(service !== undefined && { service }),
    ...(severity !== undefined && { severity }),
    ...(timestamp !== undefined && { timestamp }),
    attributes: attribute ?? new Map(),
  };
}

/** A service's name as the collector takes it; throws commander's error for an argument where it is none. */
export function parseService(text: string): string {
  const result = serviceSchema.safeParse(text);
  if (result.success) return text;
  throw new InvalidArgumentError(result.error.issues[0]?.message ?? "no name of a service");
}

function parseSeverity(text: string): Severity {
  const severity = SEVERITIES[severityIndexOfWord(text)];
  if (severity === undefined) throw new InvalidArgumentError(`Use one of ${SEVERITIES.join(", ")}.`);
  return severity;
}

function parseTime(text: string): string {
  if (parseTimestamp(text) !== undefined) return text;
  throw new InvalidArgumentError("Write it as 2026-11-24T10:00:00Z, or as seconds or milliseconds since the epoch.");
}

function addAttribute(text: string, earlier: ReadonlyMap<string, string> | undefined): ReadonlyMap<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Write it as key=value.");
  return new Map([...(earlier ?? []), [text.slice(0, equals), jsonText(text.slice(equals + 1))]]);
}

/** The value as JSON on one line, numbers digit by digit. */
function jsonText(value: string): string {
  try {
    return JSON.stringify(parseExactJson(value));
  } catch {
    return JSON.stringify(value);
  }
}
