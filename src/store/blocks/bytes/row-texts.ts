import { createTextBuffer, type TextBuffer } from "../../../memory/text-buffer.ts";

/** Texts of some of the rows of a page, in any order. */
export type RowTexts = {
  buffer: TextBuffer;
  /** Where the text of each row starts, and where it ends; by the row's place on the page. */
  starts: Uint32Array;
  ends: Uint32Array;
};

/** Room for so many rows. */
export function createRowTexts(rows: number): RowTexts {
  return { buffer: createTextBuffer(), starts: new Uint32Array(rows), ends: new Uint32Array(rows) };
}

/** The text of the row at a place. */
export function textOfRow({ buffer, starts, ends }: RowTexts, place: number): string {
  return Buffer.from(buffer.bytes.buffer).toString("utf8", starts[place], ends[place]);
}
