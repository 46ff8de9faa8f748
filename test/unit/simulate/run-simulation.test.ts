import { describe, expect, test } from "bun:test";
import { runSimulation, type SimulationOptions } from "../../../src/simulate/run-simulation.ts";

function setUp(options: Partial<SimulationOptions>) {
  const events: string[] = [];
  const sent: [string | undefined, string[]][] = [];
  let made = 0;
  const done = runSimulation({
    requests: 2,
    recordsPerRequest: 1,
    services: ["a"],
    generate: () => {
      made += 1;
      return { timestamp: "t", severity: "INFO", message: `m${made}`, attributes: {} };
    },
    deliver: async (service, records) => {
      events.push("deliver");
      sent.push([service, records.map((record) => JSON.parse(record).message)]);
    },
    pace: async () => {
      events.push("pace");
    },
    signal: new AbortController().signal,
    ...options,
  });
  return { done, events, sent };
}

describe("runSimulation", () => {
  test("sends so many requests of so many records, the services in turn", async () => {
    const { done, sent } = setUp({ requests: 3, recordsPerRequest: 2, services: ["a", "b"] });
    await done;
    expect(sent).toEqual([
      ["a", ["m1", "m2"]],
      ["b", ["m3", "m4"]],
      ["a", ["m5", "m6"]],
    ]);
  });

  test("waits between requests, neither before the first nor after the last", async () => {
    const { done, events } = setUp({ requests: 3 });
    await done;
    expect(events).toEqual(["deliver", "pace", "deliver", "pace", "deliver"]);
  });

  test("leaves the service to the token", async () => {
    const { done, sent } = setUp({ services: [undefined], requests: 1 });
    await done;
    expect(sent).toEqual([[undefined, ["m1"]]]);
  });

  test("goes on without end until it is interrupted, and sends nothing after that", async () => {
    const stop = new AbortController();
    let paces = 0;
    const { done, sent } = setUp({
      requests: 0,
      signal: stop.signal,
      pace: async () => {
        paces += 1;
        if (paces === 5) stop.abort();
      },
    });
    await done;
    expect(sent).toHaveLength(5);
    const late = setUp({ requests: 0, signal: AbortSignal.abort() });
    await late.done;
    expect(late.sent).toEqual([]);
  });

  test("fails as the delivery fails", async () => {
    await expect(setUp({ deliver: () => Promise.reject(new Error("gone")) }).done).rejects.toThrow("gone");
  });
});
