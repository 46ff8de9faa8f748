import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createTextSender, readSharedText, type SharedText } from "../../../src/store/shared-text.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function share(texts: string[], sender = createTextSender()): SharedText {
  return sender.share(texts.map((text) => new TextEncoder().encode(text)));
}

function textsIn(shared: SharedText): string[] {
  return readSharedText(shared).map((utf8) => decoder.decode(utf8));
}

describe("shared text", () => {
  const texts = fc.array(fc.string({ unit: "binary", maxLength: 50 }), { maxLength: 5 });

  test("is read as it was shared, text after text through the same memory", () => {
    const sender = createTextSender();
    fc.assert(
      fc.property(texts, (shared) => {
        expect(textsIn(share(shared, sender))).toEqual(shared);
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
    expect(textsIn(share(shared))).toEqual(shared);
  });

  test("uses its memory again, and more of it for a text that is larger", () => {
    const sender = createTextSender();
    const first = share(["first"], sender);
    expect(share(["second"], sender).bytes).toBe(first.bytes);
    // Three bytes a unit: the widest that there is.
    const large = "中".repeat(2_000_000);
    const grown = share([large, "end"], sender);
    expect(grown.bytes.byteLength).toBeGreaterThan(first.bytes.byteLength);
    const [read, end] = textsIn(grown);
    expect(read === large).toBe(true);
    expect(end).toBe("end");
    const after = share(["small again", ""], sender);
    expect(after.bytes).toBe(grown.bytes);
    expect(textsIn(after)).toEqual(["small again", ""]);
  });
});
