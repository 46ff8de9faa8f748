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

/** What a body may have of bytes, compressed or not, and of time to arrive in. */
export type BodyLimits = { maxBytes: number; timeoutMs: number };

/**
 * The request's body, decompressed. Throws `body_too_large`, `request_timeout`, `body_incomplete` where the client leaves,
 * `unsupported_encoding`, or `invalid_encoding` where it is not what its Content-Encoding says.
 */
export async function readBody(request: Request, { maxBytes, timeoutMs }: BodyLimits): Promise<Uint8Array> {
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  const decompress = Object.hasOwn(DECOMPRESS, encoding) ? DECOMPRESS[encoding] : undefined;
  if (decompress === undefined && encoding !== "identity" && encoding !== "") {
    throw new LogctlError(
      "unsupported_encoding",
      `Content-Encoding '${encoding}' is not understood; use gzip, deflate, zstd or none`,
    );
  }
  const sent = await inTime(readBytes(request, maxBytes), timeoutMs);
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
    return request.bytes().catch(endedEarly);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

/**
 * Takes in the body of a request that is refused, and forgets it: an answer in the middle of it might never be read. Says
 * whether it came to its end within the limits.
 */
export async function discardBody(request: Request, { maxBytes, timeoutMs }: BodyLimits): Promise<boolean> {
  let bytes = 0;
  const discard = async () => {
    for await (const chunk of chunksOf(request)) {
      bytes += chunk.length;
      if (bytes > maxBytes) return false;
    }
    return true;
  };
  return inTime(discard(), timeoutMs).catch(() => false);
}

async function* chunksOf({ body }: Request): AsyncGenerator<Uint8Array> {
  try {
    yield* body ?? [];
  } catch (error) {
    endedEarly(error);
  }
}

function endedEarly(cause: unknown): never {
  throw new LogctlError("body_incomplete", "the connection ended before the body did", { cause });
}

/** What `work` gives; what becomes of it later than in `timeoutMs` is of no interest any more. */
async function inTime<Result>(work: Promise<Result>, timeoutMs: number): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const message = `the body did not arrive within ${timeoutMs / 1000} s; send it in parts`;
  const timer = setTimeout(() => reject(new LogctlError("request_timeout", message)), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(maxBytes: number): LogctlError {
  return new LogctlError("body_too_large", `the body is larger than ${maxBytes} bytes; send it in parts`);
}
