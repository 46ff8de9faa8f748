import { afterEach, expect, test } from "bun:test";
import { createPaint } from "../../../src/render/text/colours.ts";
import { renderTokenTable, type TokenRow } from "../../../src/render/token-table.ts";

const ZONE = process.env["TZ"];
const ESC = String.fromCharCode(27);
const ROW: TokenRow = {
  name: "billing",
  service: "payments",
  scopes: ["read", "write"],
  state: "in force",
  created_at: "2026-11-24T10:00:59.999Z",
  expires_at: null,
  last_used_at: null,
  old_secret_until: null,
  rate_limit: null,
  daily_quota_bytes: null,
};

afterEach(() => {
  process.env["TZ"] = ZONE ?? "UTC";
});

test("a token is one line under headings, its times local and to the minute", () => {
  process.env["TZ"] = "Europe/Berlin";
  const times = { expires_at: "2026-11-24T23:30:00Z", last_used_at: "2026-11-24T12:00:30Z" };
  const limits = { rate_limit: 100, daily_quota_bytes: 2_500_000 };
  const expired: TokenRow = { ...ROW, name: "x", service: "c", scopes: [], state: "expired", ...times, ...limits };
  expect(renderTokenTable([ROW, expired], createPaint(false))).toBe(
    [
      "NAME     SERVICE   SCOPES      STATE     CREATED     EXPIRES           LAST USED         LIMITS",
      "billing  payments  read,write  in force  2026-11-24  never             never             none",
      "x        c                     expired   2026-11-24  2026-11-25 00:30  2026-11-24 13:00  100/s, 2.5MB/day",
      "",
    ].join("\n"),
  );
});

test("no tokens are the headings alone", () => {
  expect(renderTokenTable([], createPaint(false))).toBe("NAME  SERVICE  SCOPES  STATE  CREATED  EXPIRES  LAST USED\n");
});

test("a name and a service can neither drive the terminal nor add a line", () => {
  const hostile = `a${ESC}[2J\nb\u202ec\u200bd`;
  const shown = renderTokenTable([{ ...ROW, name: hostile, service: hostile }], createPaint(false));
  expect(shown).toContain("a\\x1b[2J\\nb\\u202ec\\u200bd  a\\x1b[2J");
  expect(shown.split("\n")).toHaveLength(3);
  expect(shown).not.toMatch(/[\u202e\u200b]/);
  expect(shown).not.toContain(ESC);
});

test("only the headings are painted", () => {
  const [head, row] = renderTokenTable([ROW], createPaint(true)).split("\n");
  expect(head).toContain(`${ESC}[1mNAME${ESC}[22m`);
  expect(row).not.toContain(ESC);
});
