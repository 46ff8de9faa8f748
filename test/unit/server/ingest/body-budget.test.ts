import { describe, expect, test } from "bun:test";
import { deflateSync, gzipSync } from "node:zlib";
import { createBodyBudget } from "../../../../src/server/ingest/body-budget.ts";
import { readBody } from "../../../../src/server/ingest/read-body.ts";

const MB = 1024 * 1024;
const LIMITS = { maxBytes: 8 * MB, timeoutMs: 10_000 };

function post(body: Uint8Array | ReadableStream, headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/logs", { method: "POST", body: body as Uint8Array<ArrayBuffer>, headers });
}

/** A body of which nobody knows how much is to come. */
function streamed(chunks: Uint8Array[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

const errorOf = (work: Promise<unknown>) => work.then(() => undefined).catch((error: Error) => error);

describe("the budget of bodies", () => {
  test("is given up to half of what others leave, and back as often as it was taken", () => {
    const budget = createBodyBudget(200);
    const [one, two, other] = [budget.open(1), budget.open(1), budget.open(2)];
    one.take(60);
    expect(() => two.take(41)).toThrow("send this again in a moment");
    two.take(40);
    // The other token has half of the other half, however much the first one wants.
    expect(() => one.take(1)).toThrow("send this again");
    expect(() => other.take(51)).toThrow("send this again");
    other.take(50);
    one.giveBack(10);
    expect(budget.bytes()).toBe(140);
    expect(() => one.take(1)).toThrow("send this again");
    other.close();
    one.take(10);
    one.close();
    expect(budget.bytes()).toBe(40);
    two.close();
    expect(budget.bytes()).toBe(0);
  });

  test("has room for the one large body of a token, and of several leaves some to its small ones", () => {
    const budget = createBodyBudget(16 * MB);
    const large = budget.open(1);
    large.take(8 * MB);
    expect(() => budget.open(1).take(1)).toThrow("send this again");
    large.giveBack(4 * MB);
    const second = budget.open(1);
    second.take(2 * MB);
    expect(() => second.take(1)).toThrow("send this again");
    expect(() => budget.open(1).take(2 * MB)).toThrow("send this again");
    const small = [budget.open(1), budget.open(1)];
    for (const share of small) share.take(MB);
    expect(() => budget.open(1).take(1)).toThrow("send this again");
    for (const share of [large, second, ...small]) share.close();
    expect(budget.bytes()).toBe(0);
  });

  test("has garbage collected after so many bytes of large bodies, and never after small ones", () => {
    let collected = 0;
    const budget = createBodyBudget(256 * MB, () => {
      collected += 1;
    });
    const pass = (bytes: number) => {
      const share = budget.open(1);
      share.take(bytes);
      share.giveBack(bytes / 2);
      share.close();
      share.close();
    };
    for (let i = 0; i < 1000; i += 1) pass(MB);
    expect(collected).toBe(0);
    for (let i = 0; i < 47; i += 1) pass(MB + 2);
    expect(collected).toBe(0);
    pass(2 * MB);
    expect(collected).toBe(1);
    for (let i = 0; i < 4; i += 1) pass(24 * MB);
    expect(collected).toBe(3);
  });

  test("has nothing taken from it for a request that is over, whatever still arrives", () => {
    const budget = createBodyBudget(2 * MB);
    const slow = budget.open(1);
    slow.take(1000);
    slow.close();
    expect(() => slow.take(1000)).toThrow("too many and too large requests");
    slow.giveBack(500);
    slow.close();
    expect(budget.bytes()).toBe(0);
  });

  test("counts a body as it comes, and not as it is announced, and refuses with Retry-After", async () => {
    const budget = createBodyBudget(5 * MB);
    const tiny = budget.open(1);
    await readBody(post(new Uint8Array(1000), { "content-length": "1000" }), LIMITS, tiny);
    expect(budget.bytes()).toBe(1000);
    // 5 MB are announced, and 1 MB comes.
    const dribble = budget.open(1);
    const { sentBytes } = await readBody(
      post(streamed([new Uint8Array(MB)]), { "content-length": String(5 * MB) }),
      LIMITS,
      dribble,
    );
    expect([sentBytes, budget.bytes()]).toEqual([MB, MB + 1000]);
    const refused = await errorOf(readBody(post(streamed([new Uint8Array(MB), new Uint8Array(MB)])), LIMITS, budget.open(1)));
    expect(refused).toMatchObject({ code: "overloaded", retryAfterS: 1 });
  });

  test("counts ahead of what comes but a little of each token, and the rest as it comes", async () => {
    const budget = createBodyBudget(256 * MB);
    const announced = { "content-length": String(256 * 1024) };
    const stalled = Array.from({ length: 2000 }, () => {
      const share = budget.open(1);
      const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
      void readBody(post(body, announced), LIMITS, share).catch(() => {});
      return share;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(budget.bytes()).toBeLessThanOrEqual(16 * MB + 2000);
    const other = budget.open(2);
    expect(other.takeAhead(256 * 1024)).toBe(true);
    for (const share of stalled) share.close();
    expect(budget.bytes()).toBe(256 * 1024);
    expect(budget.open(1).takeAhead(16 * MB)).toBe(true);
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
  ])("counts what %s unpacks to as it comes out, and then no more what was sent", async (encoding, pack) => {
    const budget = createBodyBudget(8 * MB);
    const usual = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000)).toHex());
    const share = budget.open(1);
    const { bytes, sentBytes } = await readBody(post(pack(usual), { "content-encoding": encoding }), LIMITS, share);
    expect(Buffer.from(bytes).equals(usual)).toBe(true);
    expect([sentBytes, budget.bytes()]).toEqual([pack(usual).length, usual.length]);
    share.close();
    // A thousand times as much as was sent: within the limit of a body, but not within what is left.
    const bomb = pack(new Uint8Array(5 * MB));
    const headers = { "content-encoding": encoding };
    expect(await errorOf(readBody(post(bomb, headers), LIMITS, budget.open(1)))).toMatchObject({ code: "overloaded" });
    const large = createBodyBudget(18 * MB);
    expect((await readBody(post(bomb, headers), LIMITS, large.open(1))).bytes).toHaveLength(5 * MB);
    expect(large.bytes()).toBe(5 * MB);
    const tooLarge = await errorOf(readBody(post(bomb, headers), { ...LIMITS, maxBytes: MB }, large.open(2)));
    expect(tooLarge).toMatchObject({ code: "body_too_large" });
  });
});

describe("a body in very many pieces", () => {
  test("is copied together as it comes, whatever the size of its pieces", async () => {
    const pieces = Array.from({ length: 3000 }, (_, i) => new Uint8Array(i % 97).fill(i));
    const { bytes } = await readBody(post(streamed(pieces)), LIMITS, createBodyBudget(8 * MB).open(1));
    expect(Buffer.from(bytes).equals(Buffer.concat(pieces))).toBe(true);
  });

  test("lets others have their turn behind each small piece", async () => {
    const pieces = Array.from({ length: 50 }, () => new Uint8Array(1));
    const order: string[] = [];
    const reading = readBody(post(streamed(pieces)), LIMITS, createBodyBudget(8 * MB).open(1)).then(() => order.push("body"));
    setImmediate(() => order.push("other"));
    await reading;
    expect(order).toEqual(["other", "body"]);
  });
});
