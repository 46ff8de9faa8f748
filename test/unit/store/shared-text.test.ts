import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createTextSender, readSharedText, type SharedText } from "../../../src/store/shared-text.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function textsIn(shared: SharedText): string[] {
  return readSharedText(shared).map((utf8) => decoder.decode(utf8));
}

describe("shared text", () => {
  const texts = fc.array(fc.string({ unit: "binary", maxLength: 50 }), { maxLength: 5 });

  test("is read as it was shared, text after text through the same memory", () => {
    const sender = createTextSender();
    fc.assert(
      fc.property(texts, (shared) => {
        expect(textsIn(sender.share(shared))).toEqual(shared);
      }),
    );
  });

  test.each([
    ["nothing", []],
    ["empty texts", ["", "", ""]],
    ["letters of every width", ["aé中😀", "ß", "€𝄞"]],
    ["a byte order mark and a NUL", ["\ufeffa\u0000b", "\ufeff"]],
    ["quotes, backslashes and line ends", ['{"a":"\\n"}', "\r\n\t\u2028"]],
  ])("carries %s", (_what, shared) => {
    expect(textsIn(createTextSender().share(shared))).toEqual(shared);
  });

  test("has halves of surrogate pairs as U+FFFD, and the texts around them unharmed", () => {
    const shared = createTextSender().share(["a\ud83d", "\ude00b", "whole 😀"]);
    expect(textsIn(shared)).toEqual(["a\ufffd", "\ufffdb", "whole 😀"]);
  });

  test("uses its memory again, and more of it for a text that is larger", () => {
    const sender = createTextSender();
    const first = sender.share(["first"]);
    expect(sender.share(["second"]).bytes).toBe(first.bytes);
    // Three bytes a unit: the widest that there is.
    const large = "中".repeat(2_000_000);
    const grown = sender.share([large, "end"]);
    expect(grown.bytes.byteLength).toBeGreaterThan(first.bytes.byteLength);
    const [read, end] = textsIn(grown);
    expect(read === large).toBe(true);
    expect(end).toBe("end");
    const after = sender.share(["small again", ""]);
    expect(after.bytes).toBe(grown.bytes);
    expect(textsIn(after)).toEqual(["small again", ""]);
  });
});
