/** Metrics as text (Prometheus text exposition format 0.0.4). */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Record<string, string>;
export type Sample = readonly [labels: Labels, value: number];

/** One value, or one for each of several sets of labels. */
export type MetricValue = number | readonly Sample[];

/** `counts` are those of each bucket alone, one more than there are bounds. */
export type Buckets = { bounds: readonly number[]; counts: readonly number[]; sum: number };

export type PrometheusText = {
  counter(name: string, help: string, value: MetricValue): void;
  gauge(name: string, help: string, value: MetricValue): void;
  histogram(name: string, help: string, buckets: Buckets): void;
  text(): string;
};

export function createPrometheusText(): PrometheusText {
  const lines: string[] = [];

  function head(name: string, help: string, type: string): void {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  function put(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    lines.push(`${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`);
  }

  function putAll(name: string, help: string, type: string, value: MetricValue): void {
    head(name, help, type);
    if (typeof value === "number") put(name, {}, value);
    else for (const [labels, each] of value) put(name, labels, each);
  }

  return {
    counter: (name, help, value) => putAll(name, help, "counter", value),
    gauge: (name, help, value) => putAll(name, help, "gauge", value),
    histogram(name, help, { bounds, counts, sum }) {
      head(name, help, "histogram");
      let below = 0;
      for (const [at, count] of counts.entries()) {
        below += count;
        put(`${name}_bucket`, { le: at < bounds.length ? String(bounds[at]) : "+Inf" }, below);
      }
      put(`${name}_sum`, {}, sum);
      put(`${name}_count`, {}, below);
    },
    text: () => `${lines.join("\n")}\n`,
  };
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
