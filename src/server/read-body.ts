import { promisify } from "node:util";
import { gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { LogctlError } from "../errors.ts";
import { isWholeZstd } from "./zstd-frames.ts";

type Decompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

/** The low four bits of a zlib stream's first byte (RFC 1950); "deflate" is also sent without that header. */
const ZLIB_METHOD = 8;

const gunzipAll: Decompress = promisify(gunzip);
const inflateZlib: Decompress = promisify(inflate);
const inflateBare: Decompress = promisify(inflateRaw);
const unzstd: Decompress = promisify(zstdDecompress);

const DECOMPRESS: Record<string, Decompress> = {
  gzip: gunzipAll,
  "x-gzip": gunzipAll,
  deflate: (bytes, options) =>
    ((bytes[0] ?? 0) & 15) === ZLIB_METHOD ? inflateZlib(bytes, options) : inflateBare(bytes, options),
  zstd: async (bytes, options) => {
    if (!isWholeZstd(bytes)) throw new Error("a frame is cut short");
    return unzstd(bytes, options);
  },
};

/**
 * The request's body, decompressed. No more than `maxBytes` are held, compressed or not. Throws `body_too_large`,
 * `unsupported_encoding`, or `invalid_encoding` where it is not what its Content-Encoding says.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  const decompress = Object.hasOwn(DECOMPRESS, encoding) ? DECOMPRESS[encoding] : undefined;
  if (decompress === undefined && encoding !== "identity" && encoding !== "") {
    throw new LogctlError(
      "unsupported_encoding",
      `Content-Encoding '${encoding}' is not understood; use gzip, deflate, zstd or none`,
    );
  }
  const sent = await readBytes(request, maxBytes);
  if (decompress === undefined || sent.length === 0) return sent;
  try {
    return await decompress(sent, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new LogctlError("invalid_encoding", `the body is no whole ${encoding}: ${(error as Error).message}`, { cause: error });
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (length !== null) {
    if (Number(length) > maxBytes) throw tooLarge(maxBytes);
    return request.bytes();
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): LogctlError {
  return new LogctlError("body_too_large", `the body is larger than ${maxBytes} bytes; send it in parts`);
}
