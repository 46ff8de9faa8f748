import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import type { Command } from "commander";
import { buildProgram } from "../../src/cli.ts";
import { ERROR_CODES, ERRORS, statusOf } from "../../src/errors.ts";
import { TOPICS } from "../../src/manual/topics.ts";
import { DEMO_TOKENS } from "../../src/schema/demo-tokens.ts";
import { METHODS_OF } from "../../src/server/routes.ts";
import { createTestContext } from "../support/cli.ts";

const ROOT = resolve(import.meta.dir, "../..");
const FACE = await Bun.file(`${ROOT}/README.md`).text();
/** README and the manual as one text. */
const README = [FACE, ...TOPICS.map(({ text }) => text)].join("\n");

/** Options that the manual shows of other programs: npx, git, zstd, and the benchmark. */
const OTHERS_OPTIONS = [
  "--yes",
  "--rows",
  "--minutes",
  "--only",
  "--growth",
  "--breakdown",
  "--full-yardstick",
  "--json",
  "--long",
];

function commandsOf(command: Command, path: string): { path: string; command: Command }[] {
  return [{ path, command }, ...command.commands.flatMap((inner) => commandsOf(inner, `${path} ${inner.name()}`))];
}

const COMMANDS = commandsOf(buildProgram(createTestContext()), "logctl");
const OPTIONS = new Set(COMMANDS.flatMap(({ command }) => command.options.map(({ long }) => long as string)));

/** The rows of the table of a page, as trimmed cells without code marks. */
function tableOf(page: string): string[][] {
  const { text = "" } = TOPICS.find(({ name }) => name === page) ?? {};
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| ?-/.test(line));
  return rows.slice(1).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

describe("README and the manual", () => {
  test("has every command and every option, and no option that is gone", () => {
    for (const { path } of COMMANDS) expect([path, README.includes(path)]).toEqual([path, true]);
    for (const option of OPTIONS) expect([option, README.includes(option)]).toEqual([option, true]);
    const named = new Set(README.match(/(?<![\w-])--[a-z][a-z-]+/g));
    const known = new Set([...OPTIONS, ...OTHERS_OPTIONS, "--help"]);
    expect([...named].filter((option) => !known.has(option))).toEqual([]);
  });

  test("has every endpoint with its methods", () => {
    for (const [path, methods] of METHODS_OF) {
      for (const method of methods.filter((name) => name !== "HEAD")) {
        expect([method, path, README.includes(`${method} ${path}`)]).toEqual([method, path, true]);
      }
    }
  });

  test("has every error code with its status and exit code, and none that is gone", () => {
    const expected = ERROR_CODES.map((code) => [code, String(statusOf(code) ?? ""), String(ERRORS[code].exit)]);
    expect(tableOf("error-codes").map((cells) => cells.slice(0, 3))).toEqual(expected);
  });

  test("has every exit code", () => {
    const codes = [...new Set([0, ...Object.values(ERRORS).map(({ exit }) => exit)])].sort((a, b) => a - b);
    expect(tableOf("exit-codes").map(([code]) => Number(code))).toEqual(codes);
  });

  test("has every environment variable that is read, and none other", async () => {
    const read = new Set<string>();
    for await (const file of new Bun.Glob("src/**/*.ts").scan(ROOT)) {
      for (const name of (await Bun.file(`${ROOT}/${file}`).text()).match(/LOGCTL_[A-Z_]+/g) ?? []) read.add(name);
    }
    expect([...new Set(README.match(/LOGCTL_[A-Z_]+/g))].sort()).toEqual([...read].sort());
  });

  test("has the demo tokens, and pins the Bun that package.json's types are for", async () => {
    for (const token of Object.values(DEMO_TOKENS)) expect(README).toContain(token);
    const { devDependencies } = await Bun.file(`${ROOT}/package.json`).json();
    const versions = new Set(README.match(/bun@[\d.]+/g));
    expect([...versions]).toEqual([`bun@${devDependencies["bun-types"]}`]);
  });

  test("names no file of the project that is gone", async () => {
    for (const path of new Set(README.match(/(?:src|test)\/[\w/-]+\.ts/g))) {
      expect([path, await Bun.file(`${ROOT}/${path}`).exists()]).toEqual([path, true]);
    }
  });

  test("README is a face of at most 12 KB, and leads to every page", () => {
    expect(Buffer.byteLength(FACE)).toBeLessThanOrEqual(12_288);
    for (const { name } of TOPICS) expect([name, FACE.includes(`(src/manual/${name}.md)`)]).toEqual([name, true]);
  });

  test("every page is in the binary, has a title, and is as it lies there", async () => {
    const files = await Array.fromAsync(new Bun.Glob("*.md").scan(`${ROOT}/src/manual`));
    expect(TOPICS.map(({ name }) => `${name}.md`).sort()).toEqual(files.sort());
    for (const { name, title, text } of TOPICS) {
      expect([name, text.startsWith(`# ${title}\n`), title.length > 5]).toEqual([name, true, true]);
    }
  });

  test("leads to no page that is not there", () => {
    const known = new Set<string>([
      ...TOPICS.map(({ name }) => name),
      ...COMMANDS.map(({ path }) => path.replace("logctl ", "")),
    ]);
    const named = [...README.matchAll(/`logctl help ([a-z-]+)`/g)].map(([, name]) => name as string);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});
