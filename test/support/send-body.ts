import { connect } from "node:net";

/** A program: posts the file's bytes as the body of one request, and prints the answer's status. */
const [url = "", token, path = "", headersJson = "{}", chunkBytes = "0"] = Bun.argv.slice(2);
const headers: Record<string, string> = { ...JSON.parse(headersJson), authorization: `Token ${token}` };
const body = await Bun.file(path).bytes();

/** So many chunks are written at a time. */
const CHUNKS_A_WRITE = 10_000;

/** As HTTP/1.1 chunks of so many bytes each (RFC 9112, 7.1). */
async function sendChunks(size: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  let isOver = false;
  void promise.finally(() => {
    isOver = true;
  });
  socket.on("data", (data) => {
    text += data.toString("latin1");
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
    if (status !== undefined) resolve(status);
  });
  socket.on("error", reject);
  socket.on("close", () => resolve("closed"));
  const lines = Object.entries({ host: hostname, "transfer-encoding": "chunked", ...headers }).map((entry) => entry.join(": "));
  socket.write(`POST /logs HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  const latin1 = Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1");
  for (let at = 0; at < latin1.length && !isOver; ) {
    let piece = "";
    for (let i = 0; i < CHUNKS_A_WRITE && at < latin1.length; i += 1, at += size) {
      const chunk = latin1.slice(at, at + size);
      piece += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
    }
    if (!socket.write(piece, "latin1")) await Promise.race([new Promise((drained) => socket.once("drain", drained)), promise]);
  }
  socket.write("0\r\n\r\n");
  const status = await promise;
  socket.destroy();
  return status;
}

if (Number(chunkBytes) > 0) console.log(await sendChunks(Number(chunkBytes)));
else console.log((await fetch(`${url}/logs`, { method: "POST", body, headers })).status);
