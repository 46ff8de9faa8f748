import { describe, expect, test } from "bun:test";
import { deflateSync, gzipSync } from "node:zlib";
import { createBodyBudget } from "../../../src/server/body-budget.ts";
import { readBody } from "../../../src/server/read-body.ts";

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
  test("is given as far as it goes, and back as often as it was taken", () => {
    const budget = createBodyBudget(200);
    const [one, two] = [budget.open(10), budget.open(10)];
    one.take(60);
    expect(() => two.take(41)).toThrow("send this again in a moment");
    two.take(40);
    // Large ones have the other half.
    const large = budget.open(undefined);
    large.take(100);
    expect(() => budget.open(2 * MB).take(1)).toThrow("send this again");
    large.close();
    one.giveBack(10);
    expect(budget.bytes()).toBe(90);
    one.close();
    expect(budget.bytes()).toBe(40);
    two.close();
    expect(budget.bytes()).toBe(0);
  });

  test("counts a small body that unpacks to a large one among the large ones", () => {
    const budget = createBodyBudget(8 * MB);
    const packed = budget.open(1000);
    packed.take(1000);
    packed.take(3 * MB);
    expect(budget.bytes()).toBe(3 * MB + 1000);
    // The large ones' half has room for less than one MB more, that of the small ones for all of it.
    expect(() => budget.open(2 * MB).take(2 * MB)).toThrow("send this again");
    const others = Array.from({ length: 4 }, () => budget.open(MB));
    for (const other of others) other.take(MB);
    expect(() => budget.open(1).take(1)).toThrow("send this again");
    for (const share of [packed, ...others]) share.close();
    expect(budget.bytes()).toBe(0);
  });

  test("has garbage collected after so many bytes of large bodies, and never after small ones", () => {
    let collected = 0;
    const budget = createBodyBudget(256 * MB, () => {
      collected += 1;
    });
    const pass = (bytes: number) => {
      const share = budget.open(bytes);
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
    const slow = budget.open(undefined);
    slow.take(1000);
    slow.close();
    expect(() => slow.take(1000)).toThrow("too many and too large requests");
    slow.giveBack(500);
    slow.close();
    expect(budget.bytes()).toBe(0);
  });

  test("counts a small body as announced, a large one as it comes, and refuses with Retry-After", async () => {
    const budget = createBodyBudget(5 * MB);
    const small = budget.open(1000);
    await readBody(post(new Uint8Array(1000), { "content-length": "1000" }), LIMITS, small);
    expect(budget.bytes()).toBe(1000);
    // 5 MB are announced, and 1 MB comes.
    const dribble = budget.open(undefined);
    const { sentBytes } = await readBody(
      post(streamed([new Uint8Array(MB)]), { "content-length": String(5 * MB) }),
      LIMITS,
      dribble,
    );
    expect([sentBytes, budget.bytes()]).toEqual([MB, MB + 1000]);
    const refused = await errorOf(
      readBody(post(streamed([new Uint8Array(MB), new Uint8Array(MB)])), LIMITS, budget.open(undefined)),
    );
    expect(refused).toMatchObject({ code: "overloaded", retryAfterS: 1 });
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
  ])("has room for what %s unpacks to before it is unpacked, and counts what came out", async (encoding, pack) => {
    const budget = createBodyBudget(8 * MB);
    const usual = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000)).toHex());
    const share = budget.open(undefined);
    const { bytes, sentBytes } = await readBody(post(pack(usual), { "content-encoding": encoding }), LIMITS, share);
    expect(Buffer.from(bytes).equals(usual)).toBe(true);
    expect([sentBytes, budget.bytes()]).toEqual([pack(usual).length, pack(usual).length + usual.length]);
    share.close();
    // A thousand times as much as was sent: within the limit of a body, but not within what is left.
    const bomb = pack(new Uint8Array(3 * MB));
    expect(await errorOf(readBody(post(bomb, { "content-encoding": encoding }), LIMITS, budget.open(undefined)))).toMatchObject({
      code: "overloaded",
    });
    const large = createBodyBudget(18 * MB);
    expect((await readBody(post(bomb, { "content-encoding": encoding }), LIMITS, large.open(undefined))).bytes).toHaveLength(
      3 * MB,
    );
    expect(large.bytes()).toBe(bomb.length + 3 * MB);
    expect(
      await errorOf(readBody(post(bomb, { "content-encoding": encoding }), { ...LIMITS, maxBytes: MB }, large.open(undefined))),
    ).toMatchObject({
      code: "body_too_large",
    });
  });
});
