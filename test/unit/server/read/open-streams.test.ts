import { describe, expect, test } from "bun:test";
import { LogctlError } from "../../../../src/errors.ts";
import { createOpenStreams, MAX_STREAMS } from "../../../../src/server/read/open-streams.ts";

function open() {
  let nowMs = 0;
  const streams = createOpenStreams(() => nowMs);
  const ended: string[] = [];
  const enter = (id: number, name: string, check = () => {}) => {
    const stream = streams.enter(new Request("http://localhost/logs"), id, check, () => void ended.push(name));
    stream.offered();
    return stream;
  };
  const fill = (id: number) => Array.from({ length: MAX_STREAMS }, (_, i) => enter(id, `${id}:${i}`));
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { streams, ended, enter, fill, pass };
}

describe("open streams", () => {
  test("one more than there may be is refused while all are read, and all are left alone", () => {
    const { enter, fill, ended } = open();
    fill(1);
    expect(() => enter(1, "new")).toThrow("64 streams of records are open already");
    expect(ended).toEqual([]);
  });

  test("the one that has stood still longest is ended for one that comes", () => {
    const { streams, enter, fill, ended, pass } = open();
    const all = fill(1);
    pass(6000);
    for (const [at, stream] of all.entries()) if (at !== 7) stream.offered();
    enter(1, "new");
    expect(ended).toEqual(["1:7"]);
    expect(streams.count()).toBe(MAX_STREAMS);
    expect(streams.ended()).toBe(1);
  });

  test("one whose next piece is looked for does not stand still, however long that takes", () => {
    const { streams, enter, fill, ended, pass } = open();
    for (const stream of fill(1)) stream.asked();
    pass(60 * 60_000);
    streams.look();
    expect(() => enter(1, "new")).toThrow("64 streams of records are open already");
    expect(ended).toEqual([]);
  });

  test("a token that has all of them gives of them to another at once, up to half", () => {
    const { enter, fill, ended } = open();
    fill(1);
    for (let i = 0; i < MAX_STREAMS / 2; i += 1) enter(2, "other");
    expect(ended).toHaveLength(MAX_STREAMS / 2);
    expect(ended[0]).toBe("1:63");
    expect(() => enter(2, "other")).toThrow("64 streams");
  });

  test("one that stands still for ten minutes is ended, though nobody comes", () => {
    const { streams, enter, ended, pass } = open();
    enter(1, "still");
    const read = enter(1, "read");
    pass(599_000);
    read.offered();
    streams.look();
    expect(ended).toEqual([]);
    pass(2000);
    streams.look();
    expect(ended).toEqual(["still"]);
  });

  test("one whose token may read no more is ended, and not where the tokens cannot be read", () => {
    const { streams, enter, ended } = open();
    for (const code of ["unauthorized", "forbidden", "store_unavailable"] as const) {
      enter(1, code, () => {
        throw new LogctlError(code, "x");
      });
    }
    streams.look();
    expect(ended).toEqual(["unauthorized", "forbidden"]);
  });
});
