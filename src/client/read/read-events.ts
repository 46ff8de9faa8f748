import { LogctlError } from "../../errors.ts";
import { MAX_RECORD_BYTES } from "../../schema/limits.ts";

/** What the bytes so far completed: the data of each event, in order, and the id by which to come again. */
export type ReadEvents = { data: string[]; lastEventId: string | undefined };

/** The longest record there can be, each of its bytes escaped, with some room for its other fields. */
const MAX_EVENT_CHARACTERS = 8 * MAX_RECORD_BYTES;
/** A return at the very end may be the first half of a line end. */
const LINE_END = /\r\n|\n|\r(?!$)/;

/**
 * Reads server-sent events (WHATWG HTML, 9.2.6) from bytes, however they are cut. Types and times to come again are left
 * out, as nothing here needs them. An event without data only counts by its id. What is not whole at the end is no event.
 * Throws `unexpected_answer` for an event that is too long for a record.
 */
export function createEventReader(maxCharacters = MAX_EVENT_CHARACTERS): (bytes: Uint8Array) => ReadEvents {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string | undefined;
  let id: string | undefined;
  let lastEventId: string | undefined;

  function readLine(line: string, found: string[]): void {
    if (line === "") {
      lastEventId = id;
      if (data !== undefined && data !== "") found.push(data);
      data = undefined;
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") data = data === undefined ? value : `${data}\n${value}`;
    else if (field === "id" && !value.includes("\0")) id = value;
  }

  return (bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(LINE_END);
    rest = lines.pop() ?? "";
    const found: string[] = [];
    for (const line of lines) readLine(line, found);
    if (rest.length + (data?.length ?? 0) > maxCharacters) {
      throw new LogctlError("unexpected_answer", "the server sends an event that is too long for a record");
    }
    return { data: found, lastEventId };
  };
}
