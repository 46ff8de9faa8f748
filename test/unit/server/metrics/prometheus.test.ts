import { describe, expect, test } from "bun:test";
import { createPrometheusText } from "../../../../src/server/metrics/prometheus.ts";
import { parsePrometheus } from "../../../support/prometheus.ts";

describe("metrics as text", () => {
  test("are what a strict reader takes, labels escaped", () => {
    const text = createPrometheusText();
    text.counter("a_total", "Of a.", [
      [{ name: 'q"\\\n{}' }, 1],
      [{ name: "é" }, 2.5],
    ]);
    text.gauge("b_bytes", "Of b.", 0);
    expect(text.text()).toBe(
      '# HELP a_total Of a.\n# TYPE a_total counter\na_total{name="q\\"\\\\\\n{}"} 1\na_total{name="é"} 2.5\n# HELP b_bytes Of b.\n# TYPE b_bytes gauge\nb_bytes 0\n',
    );
    const families = parsePrometheus(text.text());
    expect(families.get("a_total")?.samples[0]).toEqual({ name: "a_total", labels: { name: 'q"\\\n{}' }, value: 1 });
  });

  test("add up the buckets of a histogram", () => {
    const text = createPrometheusText();
    text.histogram("c_seconds", "Of c.", { bounds: [0.1, 1], counts: [3, 0, 2], sum: 7.5 });
    const samples = parsePrometheus(text.text()).get("c_seconds")?.samples;
    expect(samples?.map(({ name, labels, value }) => [name, labels["le"], value])).toEqual([
      ["c_seconds_bucket", "0.1", 3],
      ["c_seconds_bucket", "1", 3],
      ["c_seconds_bucket", "+Inf", 5],
      ["c_seconds_sum", undefined, 7.5],
      ["c_seconds_count", undefined, 5],
    ]);
  });

  test.each([
    ["no type", "# HELP a Of a.\na 1\n"],
    ["no help", "# TYPE a gauge\na 1\n"],
    ["a counter without _total", "# HELP a Of a.\n# TYPE a counter\na 1\n"],
    ["a gauge with _total", "# HELP a_total Of a.\n# TYPE a_total gauge\na_total 1\n"],
    ["the same sample twice", "# HELP a Of a.\n# TYPE a gauge\na 1\na 1\n"],
    ["a family in two places", '# HELP a Of a.\n# TYPE a gauge\na 1\n# HELP b Of b.\n# TYPE b gauge\nb 1\na{x="1"} 1\n'],
    ["an open label", '# HELP a Of a.\n# TYPE a gauge\na{x="1} 1\n'],
    ["no number", "# HELP a Of a.\n# TYPE a gauge\na one\n"],
    ["buckets that fall", '# HELP a Of a.\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n'],
    ["no last line end", "# HELP a Of a.\n# TYPE a gauge\na 1"],
  ])("are refused by the strict reader with %s", (_, text) => {
    expect(() => parsePrometheus(text)).toThrow();
  });
});
