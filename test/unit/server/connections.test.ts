import { expect, test } from "bun:test";
import type { LogctlError } from "../../../src/errors.ts";
import { createConnections } from "../../../src/server/connections.ts";

/** A process with so many files open, which may have 1000. */
function openProcess(open: number | undefined, maxOpen: number | undefined = 1000) {
  const process = { open, ms: 0, counted: 0 };
  const connections = createConnections({
    countOpen() {
      process.counted += 1;
      return process.open;
    },
    maxOpen,
    now: () => process.ms,
  });
  const refusal = () => {
    try {
      connections.check();
      return undefined;
    } catch (error) {
      return (error as LogctlError).code;
    }
  };
  return { process, connections, refusal };
}

test("leaves a tenth of the open files to files and threads, and 64 at least", () => {
  expect(openProcess(40).connections.limit).toBe(860);
  expect(openProcess(40, 200).connections.limit).toBe(96);
  expect(openProcess(40, 64).connections.limit).toBe(8);
});

test("refuses beyond the limit, until there are fewer again", () => {
  const { process, connections, refusal } = openProcess(40);
  process.open = 900;
  expect([connections.look(), refusal()]).toEqual([false, undefined]);
  process.open = 901;
  process.ms += 50;
  expect([refusal(), connections.isFull()]).toEqual(["too_many_connections", true]);
  process.open = 50;
  expect(refusal()).toBe("too_many_connections");
  process.ms += 50;
  expect([refusal(), connections.isFull(), connections.count()]).toEqual([undefined, false, 10]);
});

test("is not counted with each request while there are few", () => {
  const { process, refusal } = openProcess(40);
  for (process.ms = 0; process.ms < 10_000; process.ms += 10) refusal();
  expect(process.counted).toBe(1);
});

test("takes it for full where there is not even a descriptor to count with", () => {
  const { process, connections } = openProcess(40);
  process.open = undefined;
  expect(connections.look()).toBe(true);
});

test("refuses nobody where the open files cannot be counted", () => {
  for (const { connections, refusal } of [openProcess(undefined), openProcess(40, Number.NaN)]) {
    expect([connections.limit === undefined || Number.isNaN(connections.limit), connections.look(), refusal()]).toEqual([
      true,
      false,
      undefined,
    ]);
  }
});
