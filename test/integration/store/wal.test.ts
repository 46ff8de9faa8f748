import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { walBytes } from "../../../src/store/blocks/wal/wal.ts";
import { noise } from "../../support/load.ts";
import { openTestStore } from "../../support/store.ts";

const MB = 1_000_000;

test("the WAL stays short under a load without a pause, also after somebody held it, whom nobody waited for", async () => {
  await using test = await openTestStore();
  const { store, path } = test;
  const append = () =>
    store.append((batch) => {
      for (let i = 0; i < 8; i += 1) batch.append(1_764_000_000_000, 0, 3, 2, "web", noise(150_000), "");
      return {};
    });
  let longest = 0;
  for (let i = 0; i < 20; i += 1) {
    await append();
    longest = Math.max(longest, walBytes(path));
  }
  expect(longest).toBeLessThan(16 * MB);
  const held = new Database(path, { readonly: true });
  held.run("BEGIN");
  held.query("SELECT count(*) FROM block").get();
  const commits: number[] = [];
  while (walBytes(path) < 40 * MB) {
    const from = performance.now();
    await append();
    commits.push(performance.now() - from);
  }
  // One of them waited for the reader, for a moment.
  expect(commits.filter((ms) => ms > 5000)).toEqual([]);
  held.run("COMMIT");
  held.close();
  const deadline = performance.now() + 20_000;
  while (walBytes(path) > 16 * MB && performance.now() < deadline) await append();
  expect(walBytes(path)).toBeLessThan(16 * MB);
  expect(store.troubles()).toEqual([]);
}, 90_000);
