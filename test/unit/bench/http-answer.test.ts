import { describe, expect, test } from "bun:test";
import { createAnswerReader, type HttpAnswer } from "../../bench/http-answer.ts";

function read(...chunks: Uint8Array[]): HttpAnswer[] {
  const answers: HttpAnswer[] = [];
  const take = createAnswerReader((answer) => answers.push(answer));
  for (const chunk of chunks) take(chunk);
  return answers;
}

function encodeAnswer(status: number, body: string): string {
  return `HTTP/1.1 ${status} Whatever\r\nDate: today\r\ncontent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

describe("reading HTTP answers", () => {
  const bytes = Buffer.from(encodeAnswer(200, '{"accepted":1000}') + encodeAnswer(207, "größer\r\n\r\n") + encodeAnswer(400, ""));
  const expected = [
    { status: 200, body: '{"accepted":1000}' },
    { status: 207, body: "größer\r\n\r\n" },
    { status: 400, body: "" },
  ];

  test("gives the same answers wherever the bytes are cut in two", () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(read(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(expected);
    }
  });

  test("gives the same answers byte by byte", () => {
    expect(read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  test("gives nothing while an answer is not complete", () => {
    const answer = Buffer.from(encodeAnswer(200, "abc"));
    expect(read(answer.subarray(0, -1))).toEqual([]);
  });

  test("throws on a head without a Content-Length, and on what is not HTTP/1.1", () => {
    expect(() => read(Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))).toThrow("Content-Length");
    expect(() => read(Buffer.from("SSH-2.0-x\r\nContent-Length: 0\r\n\r\n"))).toThrow();
  });
});
