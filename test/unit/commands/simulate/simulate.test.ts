import { describe, expect, test } from "bun:test";
import { run } from "../../../../src/cli.ts";
import { createTestContext, type TestContextOptions } from "../../../support/cli.ts";
import { answerErrorWith, createFakeCollector, type Script } from "../../../support/fake-collector.ts";

/** Runs with a clock that each answer moves by `stepMs`, so that with that interval there is nothing to wait for. */
async function simulate(
  args: string[],
  { script, stepMs = 2000, ...options }: TestContextOptions & { script?: Script; stepMs?: number } = {},
) {
  let clock = Date.parse("2026-11-24T10:00:00Z");
  const collector = createFakeCollector((received, count) => {
    clock += stepMs;
    return script?.(received, count);
  });
  const context = createTestContext({ fetch: collector.fetch, now: () => clock, ...options });
  const exitCode = await run(["simulate", ...args], context);
  return { exitCode, out: context.out(), err: context.err(), ...collector };
}

/** Interrupts with the answer to the nth request. */
function interruptAt(request: number): { script: Script; signal: AbortSignal } {
  const stop = new AbortController();
  return {
    signal: stop.signal,
    script: (_, count) => {
      if (count === request) stop.abort();
      return undefined;
    },
  };
}

describe("simulate", () => {
  test("stores 15 records in the challenge's example, the demo services in turn", async () => {
    const { exitCode, err, out, stored, requests } = await simulate(
      ["--mode=batch", "--batch-size=3", "--interval=1", "--count=5"],
      { stepMs: 1000 },
    );
    expect(exitCode).toBe(0);
    expect(out).toBe("");
    expect(stored).toHaveLength(15);
    expect(requests.map(({ token }) => token?.slice(6))).toEqual([
      "svc-reports-123",
      "svc-payments-456",
      "svc-chat-789",
      "svc-reports-123",
      "svc-payments-456",
    ]);
    expect(requests.map(({ records }) => records[0]?.["service"])).toEqual([
      "reports",
      "payments",
      "chat",
      "reports",
      "payments",
    ]);
    expect(err.split("\n")).toEqual([
      "request 1: reports, 3 stored",
      "request 2: payments, 3 stored",
      "request 3: chat, 3 stored",
      "request 4: reports, 3 stored",
      "request 5: payments, 3 stored",
      "sent 15 records in 5 requests, 15 stored, 0 refused, took 5.0 s",
      "",
    ]);
  });

  test("sends single records every two seconds unless told otherwise", async () => {
    const { requests, err } = await simulate(["--count=2", "--batch-size=9"]);
    expect(requests.map(({ records }) => records.length)).toEqual([1, 1]);
    expect(err).toContain("sent 2 records in 2 requests, 2 stored, 0 refused, took 4.0 s\n");
  });

  test("sends 5 records a batch unless told otherwise", async () => {
    const { requests } = await simulate(["--mode=batch", "--count=1"]);
    expect(requests[0]?.records).toHaveLength(5);
  });

  test("makes up the same for the same seed", async () => {
    const args = ["--count=3", "--mode=batch", "--seed", "7"];
    const [first, again, other] = [await simulate(args), await simulate(args), await simulate([...args.slice(0, 3), "8"])];
    expect(first?.stored).toEqual(again?.stored as never);
    expect(first?.stored).not.toEqual(other?.stored as never);
  });

  test("leaves the service to a token, and names those of --services", async () => {
    const own = await simulate(["--count=1"], { env: { LOGCTL_TOKEN: "mine" } });
    expect(own.requests[0]?.token).toBe("Token mine");
    expect(own.stored[0]).not.toHaveProperty("service");
    expect(own.err).toStartWith("request 1: 1 stored\n");
    const named = await simulate(["--count=3", "--token", "mine", "--services", "shop, web"]);
    expect(named.stored.map(({ service }) => service)).toEqual(["shop", "web", "shop"]);
    expect(named.requests.map(({ token }) => token)).toEqual(["Token mine", "Token mine", "Token mine"]);
  });

  test("shows its demo tokens to this machine only", async () => {
    const script: Script = ({ token }) =>
      token === null ? answerErrorWith(401, "unauthorized", "a token is needed") : undefined;
    const { exitCode, err, requests } = await simulate(["--url=http://logs.test", "--count=1"], { script });
    expect(exitCode).toBe(4);
    expect(requests.map(({ token }) => token)).toEqual([null]);
    expect(err).toMatch(/^logctl: a token is needed[^\n]*\n$/);
  });

  test("keeps the rate in records per second, whatever the batch", async () => {
    // Two requests of 1000 at 500 a second: one every 2 s, which is what the clock moves by.
    const { err } = await simulate(["--mode=batch", "--batch-size=1000", "--rate=500", "--count=2"]);
    expect(err).toContain("request 2: payments, 1000 stored\n");
    expect(err).toContain("sent 2000 records in 2 requests, 2000 stored, 0 refused, took 4.0 s");
  });

  test("writes no line for each of many requests: one that is rewritten on a terminal, none elsewhere", async () => {
    const args = ["--rate=1000", "--count=1000"];
    const piped = await simulate(args, { stepMs: 1 });
    expect(piped.err).toBe("sent 1000 records in 1000 requests, 1000 stored, 0 refused, took 1.0 s\n");
    const shown = await simulate(args, { stepMs: 1, stdoutIsTTY: true });
    expect(shown.err.split("\r\u001b[K").length).toBeWithin(10, 14);
    expect(shown.err).toEndWith("\r\u001b[Ksent 1000 records in 1000 requests, 1000 stored, 0 refused, took 1.0 s\n");
  });

  test("goes at full speed with --interval=0", async () => {
    const { stored } = await simulate(["--interval=0", "--count=50"], { stepMs: 0 });
    expect(stored).toHaveLength(50);
  });

  test("without --count ends by an interruption, which is no failure", async () => {
    const { exitCode, err } = await simulate([], interruptAt(2));
    expect(exitCode).toBe(0);
    expect(err).toEndWith("sent 2 records in 2 requests, 2 stored, 0 refused, took 4.0 s\n");
  });

  test("interrupted before its --count is reached, says so by its exit code", async () => {
    const early = await simulate(["--count=5"], interruptAt(2));
    expect(early.exitCode).toBe(130);
    expect(early.err).toEndWith("sent 2 records in 2 requests, 2 stored, 0 refused, took 4.0 s\n");
    expect((await simulate(["--count=2"], interruptAt(2))).exitCode).toBe(0);
  });

  test("interrupted while a record has no answer yet, says so also without --count", async () => {
    const stop = new AbortController();
    const script: Script = (_, count) => {
      if (count === 1) return undefined;
      stop.abort();
      return answerErrorWith(503, "overloaded", "busy");
    };
    const { exitCode, err } = await simulate([], { script, signal: stop.signal });
    expect(exitCode).toBe(130);
    expect(err).toContain("sent 2 records in 2 requests, 1 stored, 0 refused, 1 not known to be stored, took");
  });

  test("says in one line that no collector is there", async () => {
    const context = createTestContext();
    expect(await run(["simulate"], context)).toBe(3);
    expect(context.err()).toMatch(/^logctl: no collector answers at [^\n]*\n$/);
  });

  test("tells what was stored before a failure", async () => {
    const script: Script = (_, count) => (count === 1 ? undefined : answerErrorWith(401, "unauthorized", "revoked"));
    const { exitCode, err } = await simulate(["--count=3"], { script });
    expect(exitCode).toBe(4);
    expect(err).toContain("sent 2 records in 2 requests, 1 stored, 0 refused, 1 not known to be stored, took");
    expect(err).toMatch(/logctl: revoked[^\n]*\n$/);
  });

  test("names what was refused, and ends as send does", async () => {
    const refusing =
      (code: string): Script =>
      ({ records }) =>
        Response.json(
          { accepted: records.length - 1, rejected: 1, errors: [{ index: 1, code, field: "service", message: "no" }] },
          { status: 207 },
        );
    const args = ["--mode=batch", "--batch-size=2", "--count=2"];
    const mixed = await simulate(args, { script: refusing("invalid_service") });
    expect(mixed.exitCode).toBe(1);
    expect(mixed.err.split("\n")).toEqual([
      "request 1: reports, 1 stored, 1 refused",
      "request 2: payments, 1 stored, 1 refused",
      "request 1, record 2: invalid_service: no",
      "request 2, record 2: invalid_service: no",
      "sent 4 records in 2 requests, 2 stored, 2 refused, took 4.0 s",
      "logctl: 2 of 4 records were refused and are not stored",
      "",
    ]);
    expect((await simulate(args, { script: refusing("service_mismatch") })).exitCode).toBe(4);
  });

  test.each([
    [["--rate=5", "--interval=1"], "'--rate <n>' cannot be used with option '--interval <seconds>'"],
    [["--mode=burst"], "Allowed choices are single, batch"],
    [["--interval=-1"], "--interval '-1' is no number of seconds from 0"],
    [["--interval=1e3"], "--interval '1e3' is no number"],
    [["--interval=86401"], "a request every 86401 s is less than one a day"],
    [["--rate=0"], "--rate '0' is no number of records per second above 0"],
    [["--rate=0.00001"], "less than one a day"],
    [["--batch-size=0"], "--batch-size '0' is no whole number from 1 to 100000"],
    [["--count=-1"], "--count '-1' is no whole number from 0"],
    [["--seed=x"], "--seed 'x' is no whole number from 0 to 4294967295"],
    [["--services=a,,b"], "service must be text of 1 to 100 characters"],
  ])("refuses %p in one line, and sends nothing", async (args, expected) => {
    const { exitCode, err, requests } = await simulate(args);
    expect(exitCode).toBe(2);
    expect(err).toContain(expected);
    expect(err.split("\n")).toHaveLength(2);
    expect(requests).toEqual([]);
  });
});
