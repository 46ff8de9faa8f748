export type PrometheusSample = { name: string; labels: Record<string, string>; value: number };
export type PrometheusFamily = { type: string; help: string; samples: PrometheusSample[] };

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const HEAD = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? ([+-]?(?:Inf|NaN|[0-9.eE+-]+))$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/y;

/**
 * Reads the Prometheus text format 0.0.4, and throws for what `promtool check metrics` complains of: a family without help or
 * type, a counter that is not named `_total` (or another that is), a sample twice, a family in two places, a histogram that
 * does not add up, names that are no names.
 */
export function parsePrometheus(text: string): Map<string, PrometheusFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, PrometheusFamily>();
  const seen = new Set<string>();
  let current = "";
  let help: [name: string, text: string] | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name = "", rest = ""] = HEAD.exec(line) ?? [];
    if (kind === "HELP") {
      if (families.has(name)) throw new Error(`${name} comes twice`);
      help = [name, rest];
    } else if (kind === "TYPE") {
      if (help?.[0] !== name) throw new Error(`${name} has no help`);
      if (!["counter", "gauge", "histogram"].includes(rest)) throw new Error(`'${rest}' is no type`);
      if ((rest === "counter") !== name.endsWith("_total")) throw new Error(`${name} is a ${rest}`);
      families.set(name, { type: rest, help: help[1], samples: [] });
      current = name;
    } else {
      const sample = readSample(line);
      const family = families.get(current);
      if (family === undefined || !belongs(sample.name, current, family.type)) throw new Error(`'${line}' is out of its place`);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(key)) throw new Error(`'${line}' comes twice`);
      seen.add(key);
      family.samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === "histogram") checkHistogram(name, family.samples);
  return families;
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type !== "histogram") return sample === family;
  return ["_bucket", "_sum", "_count"].some((end) => sample === family + end);
}

function readSample(line: string): PrometheusSample {
  const [, name, inner, number] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`'${line}' is no sample`);
  const value = number === "+Inf" ? Number.POSITIVE_INFINITY : Number(number);
  if (Number.isNaN(value)) throw new Error(`'${line}' has no number`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < (inner ?? "").length; at = LABEL.lastIndex) {
    const found = LABEL.exec(inner as string);
    if (found === null) throw new Error(`'${line}' has labels that cannot be read`);
    const [, label = "", text = ""] = found;
    if (Object.hasOwn(labels, label)) throw new Error(`'${line}' has a label twice`);
    labels[label] = text.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
  }
  return { name, labels, value };
}

function checkHistogram(name: string, samples: PrometheusSample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const values = buckets.map(({ value }) => value);
  const bounds = buckets.map(({ labels }) => Number(labels["le"]?.replace("+Inf", "Infinity")));
  const isAscending = (numbers: number[]) => numbers.every((number, at) => at === 0 || number >= (numbers[at - 1] as number));
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  if (!isAscending(values) || !isAscending(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY || values.at(-1) !== count) {
    throw new Error(`${name} does not add up`);
  }
}
