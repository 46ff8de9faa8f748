import { LogctlError } from "../../errors.ts";
import { freeBytes } from "../../memory/free-bytes.ts";
import type { BodyShare } from "./body-budget.ts";
import { createGatherer, type Gatherer } from "./gather-bytes.ts";
import { inTime } from "./time-limit.ts";
import { UNPACK, type Unpack } from "./unpack-body.ts";

export type Body = {
  bytes: Uint8Array;
  /** How many there were as sent. */
  sentBytes: number;
  /** Gives their memory back at once: nobody may use them any more. */
  free(): void;
};

/** A body that says it has no more than this is read at once, which costs less than piece by piece. */
const READ_AT_ONCE_BYTES = 256 * 1024;
/** Behind a piece of less than this one waits for more: it costs as much as a large one. */
const SMALL_PIECE_BYTES = 4 * 1024;

/** What a body may have of bytes, compressed or not, and of time to arrive in. */
export type BodyLimits = { maxBytes: number; timeoutMs: number };

/**
 * The request's body, decompressed. All that is held was taken from `share` before. Throws `body_too_large`, `overloaded`,
 * `request_timeout`, `body_incomplete` where the client leaves, `unsupported_encoding`, or `invalid_encoding` where it is
 * not what its Content-Encoding says.
 */
export async function readBody(request: Request, { maxBytes, timeoutMs }: BodyLimits, share: BodyShare): Promise<Body> {
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  const unpack = Object.hasOwn(UNPACK, encoding) ? UNPACK[encoding] : undefined;
  if (unpack === undefined && encoding !== "identity" && encoding !== "") {
    throw new LogctlError(
      "unsupported_encoding",
      `Content-Encoding '${encoding}' is not understood; use gzip, deflate, zstd or none`,
    );
  }
  const sent = await inTime(readBytes(request, maxBytes, share), timeoutMs);
  if (unpack === undefined || sent.sentBytes === 0) return sent;
  try {
    return await unpackBody(unpack, sent, maxBytes, share);
  } catch (error) {
    if (error instanceof LogctlError) throw error;
    throw new LogctlError("invalid_encoding", `the body is no whole ${encoding}: ${(error as Error).message}`, { cause: error });
  }
}

async function unpackBody(unpack: Unpack, { bytes, sentBytes, free }: Body, maxBytes: number, share: BodyShare): Promise<Body> {
  const unpacked = createGatherer(maxBytes);
  await unpack(bytes, (piece) => gather(unpacked, piece, maxBytes, share));
  free();
  share.giveBack(sentBytes);
  return { bytes: unpacked.take(), sentBytes, free: unpacked.free };
}

function gather(gathered: Gatherer, piece: Uint8Array, maxBytes: number, share: BodyShare): void {
  if (gathered.length() + piece.length > maxBytes) throw tooLarge(maxBytes);
  share.take(piece.length);
  gathered.add(piece);
}

/** How many bytes the request says its body has. */
export function announcedLength(request: Request): number | undefined {
  const length = request.headers.get("content-length");
  return length === null ? undefined : Number(length);
}

async function readBytes(request: Request, maxBytes: number, share: BodyShare): Promise<Body> {
  const length = announcedLength(request);
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  if (length !== undefined && length <= READ_AT_ONCE_BYTES && share.takeAhead(length)) {
    const bytes = await request.bytes().catch(endedEarly);
    return { bytes, sentBytes: bytes.length, free: () => freeBytes(bytes) };
  }
  // Piece by piece: what counts is what has come, and not what a client says will come.
  const gathered = createGatherer(maxBytes);
  for await (const piece of piecesOf(request)) gather(gathered, piece, maxBytes, share);
  return { bytes: gathered.take(), sentBytes: gathered.length(), free: gathered.free };
}

/**
 * Takes in the body of a request that is refused, and forgets it: an answer in the middle of it might never be read. Says
 * whether it came to its end within the limits.
 */
export async function discardBody(request: Request, { maxBytes, timeoutMs }: BodyLimits): Promise<boolean> {
  let bytes = 0;
  const discard = async () => {
    for await (const piece of piecesOf(request)) {
      bytes += piece.length;
      if (bytes > maxBytes) return false;
    }
    return true;
  };
  return inTime(discard(), timeoutMs).catch(() => false);
}

/** The body as it comes. Of small pieces, those that come while others are served come together. */
async function* piecesOf({ body }: Request): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body ?? []) {
      yield piece;
      if (piece.length < SMALL_PIECE_BYTES) await new Promise((resolve) => setImmediate(resolve));
    }
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
