import { closeSync, fsyncSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { spoolLabelSchema } from "../../schema/spool.ts";
import { parseJson } from "../answer-text.ts";
import { openOwnFile } from "./own-files.ts";
import { syncFolder } from "./spool-segment.ts";

/** What a spool is for: batches for one collector, written with one token. */
export type SpoolLabel = { url: string; tokenDigest: string };

const LABEL_FILE = "spool.json";
const MAX_BYTES = 64 * 1024;

/**
 * The label of the spool in a folder, and whether it is as `writeLabel` writes it; `damaged` where it cannot be read, undefined
 * where there is none, or it is nobody's business.
 */
export function readLabel(folder: string): (SpoolLabel & { isCurrent: boolean }) | "damaged" | undefined {
  let text: string;
  try {
    text = readText(join(folder, LABEL_FILE));
  } catch (error) {
    // A symbolic link is no label of ours.
    return (error as { code?: string }).code === "ELOOP" ? "damaged" : undefined;
  }
  const copies = text.match(/\{[^{}]*\}/g) ?? [];
  const labels = copies.flatMap((copy) => spoolLabelSchema.safeParse(parseJson(copy)).data ?? []);
  const sound = labels.filter(({ url, token_digest, checksum }) => checksum === checksumOf(url, token_digest));
  const isEarlier = copies.length === 1 && labels[0]?.checksum === undefined;
  const label = sound[0] ?? (isEarlier ? labels[0] : undefined);
  if (label === undefined) return "damaged";
  return { url: label.url, tokenDigest: label.token_digest, isCurrent: sound.length === 2 };
}

/**
 * Labels a spool, twice with a checksum each, so that damage to one line costs nothing. An earlier logctl reads no such label, and
 * so leaves alone what it would take for damage.
 */
export function writeLabel(folder: string, { url, tokenDigest }: SpoolLabel): void {
  const line = JSON.stringify({ url, token_digest: tokenDigest, checksum: checksumOf(url, tokenDigest) });
  const path = join(folder, LABEL_FILE);
  rmSync(`${path}.new`, { force: true });
  const descriptor = openOwnFile(`${path}.new`, "make");
  try {
    writeSync(descriptor, `${line}\n${line}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(`${path}.new`, path);
  syncFolder(folder);
}

function checksumOf(url: string, tokenDigest: string): string {
  return Bun.hash.crc32(`${url}\n${tokenDigest}`).toString(16).padStart(8, "0");
}

function readText(path: string): string {
  const descriptor = openOwnFile(path);
  try {
    const bytes = new Uint8Array(MAX_BYTES);
    return new TextDecoder().decode(bytes.subarray(0, readSync(descriptor, bytes)));
  } finally {
    closeSync(descriptor);
  }
}
