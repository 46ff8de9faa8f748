import { describe, expect, test } from "bun:test";
import { HELP, readBenchOptions } from "../../bench/bench-options.ts";
import { SYSTEM_NAMES } from "../../bench/systems.ts";

describe("the options of the benchmark", () => {
  test("are a million records and every system where none are given", () => {
    expect(readBenchOptions([])).toEqual({
      rows: 1_000_000,
      systems: SYSTEM_NAMES,
      growth: false,
      breakdown: false,
      fullYardstick: false,
      json: false,
      help: false,
    });
  });

  test("leave out the systems that --only does not name, and keep their order", () => {
    expect(readBenchOptions(["--only", "duckdb,logctl"]).systems).toEqual(["logctl", "duckdb"]);
  });

  test("are refused with the value at fault", () => {
    for (const rows of ["999", "20000001", "1e6", "", "-5"]) {
      expect(() => readBenchOptions([`--rows=${rows}`])).toThrow(`--rows '${rows}' is not 1000 to 20000000`);
    }
    expect(() => readBenchOptions(["--only", "logctl,grep"])).toThrow("--only 'grep' is none of logctl, ripgrep");
    expect(() => readBenchOptions(["--only", "ripgrep", "--breakdown"])).toThrow("--breakdown is of logctl");
    expect(() => readBenchOptions(["--only", "ripgrep", "--growth"])).toThrow("--growth is of logctl");
    expect(() => readBenchOptions(["--fast"])).toThrow("--fast");
  });

  test("are all explained by --help", () => {
    for (const option of ["--rows", "--only", "--growth", "--breakdown", "--full-yardstick", "--json", "--help"]) {
      expect(HELP).toMatch(new RegExp(`^  ${option} `, "m"));
    }
  });
});
