import { promisify } from "node:util";
import { gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { LogctlError } from "../errors.ts";
import { type BodyShare, SMALL_BODY_BYTES } from "./body-budget.ts";
import { inTime } from "./time-limit.ts";
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

/** Logs are rarely packed more tightly than this: memory for more is taken once it turns out to be needed. */
const USUAL_RATIO = 20;
const LEAST_UNPACKED_BYTES = 64 * 1024;

export type Body = {
  bytes: Uint8Array;
  /** How many there were as sent. */
  sentBytes: number;
};

/** What a body may have of bytes, compressed or not, and of time to arrive in. */
export type BodyLimits = { maxBytes: number; timeoutMs: number };

/**
 * The request's body, decompressed. All that is held was taken from `share` before. Throws `body_too_large`, `overloaded`,
 * `request_timeout`, `body_incomplete` where the client leaves, `unsupported_encoding`, or `invalid_encoding` where it is
 * not what its Content-Encoding says.
 */
export async function readBody(request: Request, { maxBytes, timeoutMs }: BodyLimits, share: BodyShare): Promise<Body> {
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  const decompress = Object.hasOwn(DECOMPRESS, encoding) ? DECOMPRESS[encoding] : undefined;
  if (decompress === undefined && encoding !== "identity" && encoding !== "") {
    throw new LogctlError(
      "unsupported_encoding",
      `Content-Encoding '${encoding}' is not understood; use gzip, deflate, zstd or none`,
    );
  }
  const sent = await inTime(readBytes(request, maxBytes, share), timeoutMs);
  const sentBytes = sent.length;
  if (decompress === undefined || sentBytes === 0) return { bytes: sent, sentBytes };
  try {
    return { bytes: await unpack(decompress, sent, maxBytes, share), sentBytes };
  } catch (error) {
    if (error instanceof LogctlError) throw error;
    if (isTooLarge(error)) throw tooLarge(maxBytes);
    throw new LogctlError("invalid_encoding", `the body is no whole ${encoding}: ${(error as Error).message}`, { cause: error });
  }
}

async function unpack(decompress: Decompress, sent: Uint8Array, maxBytes: number, share: BodyShare): Promise<Uint8Array> {
  const usual = Math.min(maxBytes, Math.max(LEAST_UNPACKED_BYTES, sent.length * USUAL_RATIO));
  let taken = usual;
  share.take(usual);
  const unpacked = await decompress(sent, { maxOutputLength: usual }).catch((error) => {
    if (usual === maxBytes || !isTooLarge(error)) throw error;
    share.take(maxBytes - usual);
    taken = maxBytes;
    return decompress(sent, { maxOutputLength: maxBytes });
  });
  share.giveBack(taken - unpacked.length);
  return unpacked;
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
}

/** How many bytes the request says its body has. */
export function announcedLength(request: Request): number | undefined {
  const length = request.headers.get("content-length");
  return length === null ? undefined : Number(length);
}

async function readBytes(request: Request, maxBytes: number, share: BodyShare): Promise<Uint8Array> {
  const length = announcedLength(request);
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  if (length !== undefined && length <= SMALL_BODY_BYTES) {
    share.take(length);
    return request.bytes().catch(endedEarly);
  }
  // Piece by piece: what counts is what has come, and not what a client says will come.
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    share.take(chunk.length);
    chunks.push(chunk);
  }
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  // For a moment it is there twice.
  share.take(bytes);
  const whole = Buffer.concat(chunks);
  share.giveBack(bytes);
  return whole;
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

function tooLarge(maxBytes: number): LogctlError {
  return new LogctlError("body_too_large", `the body is larger than ${maxBytes} bytes; send it in parts`);
}
