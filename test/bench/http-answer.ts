export type HttpAnswer = { status: number; body: string };

/**
 * Reads the answers of one keep-alive HTTP/1.1 connection from its bytes, however they are cut into chunks. Knows just
 * what an answer to a POST needs: a status and a body of Content-Length bytes. Throws on anything else.
 */
export function createAnswerReader(onAnswer: (answer: HttpAnswer) => void): (chunk: Uint8Array) => void {
  // Latin-1: one character a byte, so that Content-Length counts characters.
  let pending = "";

  return (chunk) => {
    pending += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    for (;;) {
      const headEnd = pending.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = pending.slice(0, headEnd);
      const status = /^HTTP\/1\.1 (\d{3})\b/.exec(head)?.[1];
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (status === undefined || length === undefined) throw new Error(`not an answer with a Content-Length: ${head}`);
      const end = headEnd + 4 + Number(length);
      if (pending.length < end) return;
      const body = Buffer.from(pending.slice(headEnd + 4, end), "latin1").toString();
      pending = pending.slice(end);
      onAnswer({ status: Number(status), body });
    }
  };
}
