import { describe, expect, test } from "bun:test";
import { renderGroups } from "../../../src/render/groups.ts";
import { renderGroupsTable } from "../../../src/render/groups-table.ts";
import type { RenderSettings } from "../../../src/render/renderer.ts";
import { createPaint } from "../../../src/render/text/colours.ts";

const PIPE: RenderSettings = { terminal: false, columns: undefined, utc: true, paint: createPaint(false) };
const terminal = (columns: number, colour = false): RenderSettings => ({
  terminal: true,
  columns,
  utc: true,
  paint: createPaint(colour),
});
const ESC = String.fromCharCode(27);
const HOSTILE = `${ESC}[2Jx\u202e\r\ny`;

describe("a table of groups", () => {
  test("has numbers to the right, what is not there as a dash, and what was left out in its last line", () => {
    const groups = [
      { time: "2026-11-24T10:00:00Z", service: "payments", count: 1200, avg: 1 / 3, percentile_error: 0 },
      { time: "2026-11-24T10:01:00.500Z", service: null, count: 7, avg: null, percentile_error: 0 },
    ];
    const columns = ["time", "service", "count", "avg", "percentile_error"];
    expect(renderGroupsTable(columns, { count: 1210, groups, other: 3 }, PIPE)).toBe(
      [
        "TIME                      SERVICE   COUNT       AVG",
        "2026-11-24 10:00:00Z      payments   1200  0.333333",
        "2026-11-24 10:01:00.500Z  -             7         -",
        "-                         (other)       3         -",
        "",
      ].join("\n"),
    );
  });

  test("names the error of what is not exact", () => {
    const groups = [{ count: 9, distinct: 5, distinct_error: 0.01 }];
    expect(renderGroupsTable(["count", "distinct", "distinct_error"], { count: 9, groups }, PIPE)).toBe(
      "COUNT  DISTINCT  DISTINCT_ERROR\n    9         5            0.01\n",
    );
  });

  test("has bars on a terminal that has room for them, of the largest group's length at most", () => {
    const groups = [80, 40, 1, 0].map((count, index) => ({ a: `v${index}`, count }));
    expect(renderGroupsTable(["a", "count"], { count: 121, groups }, terminal(21))).toBe(
      ["A   COUNT", "v0     80  ██████████", "v1     40  █████", "v2      1  ▏", "v3      0", ""].join("\n"),
    );
    const wide = renderGroupsTable(["a", "count"], { count: 121, groups }, terminal(500)).split("\n");
    expect(wide[1]).toBe(`v0     80  ${"█".repeat(40)}`);
    for (const settings of [terminal(18), PIPE]) {
      expect(renderGroupsTable(["a", "count"], { count: 121, groups }, settings)).not.toContain("█");
    }
  });

  test("cuts long values to a terminal's width, visibly, and leaves them whole elsewhere", () => {
    const groups = [{ a: "x".repeat(300), count: 1 }];
    const lines = renderGroupsTable(["a", "count"], { count: 1, groups }, terminal(60)).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines[1]).toContain("x…");
    expect(renderGroupsTable(["a", "count"], { count: 1, groups }, PIPE)).toContain("x".repeat(300));
  });

  test("paints severities and headings", () => {
    const text = renderGroupsTable(
      ["severity", "count"],
      { count: 1, groups: [{ severity: "ERROR", count: 1 }] },
      terminal(60, true),
    );
    expect(text).toContain(`${ESC}[31mERROR${ESC}[39m`);
    expect(text).toContain(`${ESC}[1mCOUNT${ESC}[22m`);
  });

  test("of nothing is nothing", () => {
    expect(renderGroupsTable(["a", "count"], { count: 0, groups: [] }, terminal(60))).toBe("");
  });
});

describe("groups", () => {
  const answer = { count: 5, groups: [{ [HOSTILE]: HOSTILE, count: 2 }], other: 3 };
  const groups = { columns: [HOSTILE, "count"], answer, text: `${JSON.stringify(answer)}\n` };

  test("cannot drive a terminal in any format, by their names or by their values", () => {
    for (const format of ["table", "json", "ndjson", "csv"] as const) {
      const text = renderGroups(format, groups, terminal(80));
      expect([format, text.match(/(?!\n)[\p{Cc}\u202e]/gu)]).toEqual([format, null]);
      expect(text.toLowerCase()).toMatch(/\\x1b|\\u001b/);
    }
    expect(renderGroups("csv", groups, terminal(80)).split("\n")).toHaveLength(4);
  });

  test("are as they were sent for a pipe, with what was left out", () => {
    expect(renderGroups("json", groups, PIPE)).toBe(groups.text);
    const lines = renderGroups("ndjson", groups, PIPE).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([...answer.groups, { other: 3 }]);
    const csv = renderGroups(
      "csv",
      { ...groups, columns: ["a", "count"], answer: { count: 1, groups: [{ a: "=1", count: 1 }] } },
      PIPE,
    );
    expect(csv).toBe("a,count\r\n'=1,1\r\n");
  });
});
