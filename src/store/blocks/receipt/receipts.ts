import type { Receipt } from "../../receipt.ts";

/** A receipt as it is stored: of whose key it is, and of what key, a digest tells, 32 hexadecimal digits. */
export type DigestedReceipt = Omit<Receipt, "scope" | "key"> & { digest: string };

/** What a receipt takes: digest (16), hash of the body (8), and how many were accepted (uint32), the top bit where others were refused. */
export const RECEIPT_BYTES = 28;
const DIGEST_BYTES = 16;
const COUNT_AT = 24;
const PARTIAL = 0x8000_0000;

/** The first half of the SHA-256 of the scope and the key. It is stored: what goes into it never changes. */
export function digestOfKey(scope: number, key: string): string {
  return Bun.CryptoHasher.hash("sha256", `${scope}\n${key}`, "hex").slice(0, 2 * DIGEST_BYTES);
}

export function digestReceipt({ scope, key, ...rest }: Receipt): DigestedReceipt {
  return { ...rest, digest: digestOfKey(scope, key) };
}

export function packReceipts(receipts: readonly DigestedReceipt[]): Buffer {
  const bytes = Buffer.alloc(receipts.length * RECEIPT_BYTES);
  for (const [index, { digest, bodyHash, accepted, isPartial }] of receipts.entries()) {
    const at = index * RECEIPT_BYTES;
    bytes.write(digest + bodyHash, at, COUNT_AT, "hex");
    bytes.writeUInt32LE((isPartial ? PARTIAL : 0) + accepted, at + COUNT_AT);
  }
  return bytes;
}

/** The receipt that begins at this byte. */
export function readReceipt(bytes: Buffer, at: number): DigestedReceipt {
  const count = bytes.readUInt32LE(at + COUNT_AT);
  return {
    digest: bytes.toString("hex", at, at + DIGEST_BYTES),
    bodyHash: bytes.toString("hex", at + DIGEST_BYTES, at + COUNT_AT),
    accepted: count % PARTIAL,
    isPartial: count >= PARTIAL,
  };
}

export function unpackReceipts(bytes: Buffer): DigestedReceipt[] {
  return Array.from({ length: bytes.length / RECEIPT_BYTES }, (_, index) => readReceipt(bytes, index * RECEIPT_BYTES));
}

/** The last receipt with this digest, since a later one replaces an earlier; undefined where there is none. */
export function findPacked(bytes: Buffer, digest: string): DigestedReceipt | undefined {
  const wanted = Buffer.from(digest, "hex");
  for (let at = bytes.lastIndexOf(wanted); at >= 0; at = bytes.lastIndexOf(wanted, at - 1)) {
    // The same bytes may stand across two receipts.
    if (at % RECEIPT_BYTES === 0) return readReceipt(bytes, at);
    if (at === 0) break;
  }
  return undefined;
}
