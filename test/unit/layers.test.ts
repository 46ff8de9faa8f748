import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");
const IMPORT = /^(?:import|export)\s[^"';=()]*?from "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/**
 * What a room may import: other rooms, and packages; undefined where it is nothing. `*` stands for all rooms whose name begins with
 * what is before it, and the room `*` for every room that may import anything.
 */
type Rooms = Map<string, string[] | undefined>;

/** The table "Who may import whom" of the manual: each room in the first column, what it may import in the second. */
function readRooms(): Rooms {
  const text = readFileSync(join(ROOT, "src/manual/inside.md"), "utf8");
  const table = text.slice(text.indexOf("| room | may import |"));
  const rows = table.slice(0, table.indexOf("\n\n")).split("\n").slice(2);
  const named = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
  const rooms: Rooms = new Map();
  for (const row of rows) {
    const [, names = "", allowed = ""] = row.split("|");
    for (const name of named(names)) rooms.set(name, allowed.trim() === "nothing" ? undefined : named(allowed));
  }
  return rooms;
}

type Import = { file: string; target: string };

function readImports(): Import[] {
  const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return files.flatMap((file) =>
    [...readFileSync(join(ROOT, "src", file), "utf8").matchAll(IMPORT)].map(([, of = "", dynamic = ""]) => {
      const path = of || dynamic;
      return { file, target: path.startsWith(".") ? normalize(join(dirname(file), path)) : path };
    }),
  );
}

/** The room of a file of `src`: the longest of those whose name its path begins with. */
function roomOf(file: string, rooms: Rooms): string {
  const fitting = [...rooms.keys()].filter((room) => (room.endsWith("/") ? file.startsWith(room) : file === room));
  return fitting.sort((a, b) => b.length - a.length)[0] ?? "none";
}

function problemsOf(imports: Import[], rooms: Rooms): string[] {
  return imports.flatMap(({ file, target }) => {
    const room = roomOf(file, rooms);
    const isOurs = /\.(ts|md)$/.test(target);
    const other = isOurs ? roomOf(target, rooms) : target;
    if (room === other && room !== "none") return [];
    if (!isOurs && (other.startsWith("node:") || other.startsWith("bun"))) return [];
    const own = rooms.get(room);
    const allowed = own === undefined ? [] : [...own, ...(rooms.get("*") ?? [])];
    const fits = (name: string) => (name.endsWith("*") ? other.startsWith(name.slice(0, -1)) : name === other);
    return allowed.some(fits) ? [] : [`${file} imports ${target}: ${room} may not import ${other}`];
  });
}

/** The files that import one another in a circle, types included. */
function circlesOf(imports: Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { file, target } of imports) next.set(file, [...(next.get(file) ?? []), target]);
  const done = new Set<string>();
  const circles: string[] = [];
  function visit(file: string, path: string[]): void {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  }
  for (const file of next.keys()) visit(file, []);
  return circles;
}

test("each file imports only what its room may, types included", () => {
  const imports = readImports();
  expect(imports.length).toBeGreaterThan(1000);
  expect(problemsOf(imports, readRooms())).toEqual([]);
});

test("no files import one another in a circle, types included", () => {
  expect(circlesOf(readImports())).toEqual([]);
});

test("an import against the table is named, and so is a circle", () => {
  const rooms = readRooms();
  const wrong: Import[] = [
    { file: "store/blocks/column/places.ts", target: "store/blocks/match/match.ts" },
    { file: "store/clickhouse/open.ts", target: "store/blocks/block/block.ts" },
    { file: "server/read/search.ts", target: "store/blocks/block/block.ts" },
    { file: "schema/filter.ts", target: "chalk" },
  ];
  expect(problemsOf(wrong, rooms).length).toBe(wrong.length);
  const circle = [
    { file: "a.ts", target: "b.ts" },
    { file: "b.ts", target: "c.ts" },
    { file: "c.ts", target: "a.ts" },
  ];
  expect(circlesOf(circle)).toEqual(["a.ts -> b.ts -> c.ts -> a.ts"]);
});
