import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LogctlError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { LOCK_FILE, openSpool, type Spool, spoolError } from "./spool.ts";
import { listSegments, syncFolder } from "./spool-segment.ts";

/** A spool's folder, and what it is for: batches for one collector, written with one token. */
export type SpoolFolder = { folder: string; url: string; tokenDigest: string };

export type ClaimOptions = {
  /** The folder in which each spool has its own. */
  base: string;
  connection: Pick<Connection, "baseUrl" | "tokenDigest">;
  pid: number;
  now: () => number;
  segmentBytes?: number;
};

const LABEL = "spool.json";

/** The spools in a folder, by name; none where it is not there. Throws `spool_unusable`. */
export function listSpoolFolders(base: string): SpoolFolder[] {
  return names(base).flatMap((name) => readLabel(join(base, name)) ?? []);
}

/**
 * What earlier processes left for a collector and nobody works on, oldest first; the last of them is where this process adds
 * to. Empty where nothing is left. Throws `spool_unusable`.
 */
export function claimLeftSpools(options: ClaimOptions): Spool[] {
  const left: { spool: Spool; createdAtMs: number }[] = [];
  for (const { folder } of foldersFor(options)) {
    if (!hasSegments(folder)) continue;
    const spool = openSpool({ ...options, folder });
    if ("holder" in spool) continue;
    const head = spool.head();
    if (head === undefined) spool.close();
    else left.push({ spool, createdAtMs: head.createdAtMs });
  }
  return left.sort((a, b) => a.createdAtMs - b.createdAtMs).map(({ spool }) => spool);
}

/** A spool for this process alone in which nothing waits: one that is free, or a new one. Throws `spool_unusable` or `spool_full`. */
export function claimEmptySpool(options: ClaimOptions): Spool {
  for (const { folder } of foldersFor(options)) {
    const spool = openSpool({ ...options, folder });
    if ("holder" in spool) continue;
    if (spool.head() === undefined) return spool;
    spool.close();
  }
  for (;;) {
    const spool = openSpool({ ...options, folder: makeFolder(options) });
    // Another process may be as quick as this one.
    if (!("holder" in spool)) return spool;
  }
}

function foldersFor({ base, connection }: ClaimOptions): SpoolFolder[] {
  const { baseUrl, tokenDigest } = connection;
  return listSpoolFolders(base).filter((found) => found.url === baseUrl && found.tokenDigest === tokenDigest);
}

function hasSegments(folder: string): boolean {
  try {
    return listSegments(folder).length > 0;
  } catch (error) {
    throw spoolError(folder, error);
  }
}

/** Makes a folder and whatever it is in; each is only its owner's. */
function makeFolder({ base, connection: { baseUrl, tokenDigest } }: ClaimOptions): string {
  const name = new URL(baseUrl).host.replace(/[^\w.-]+/g, "_").slice(0, 100);
  try {
    mkdirSync(base, { recursive: true, mode: 0o700 });
    for (let number = 1; ; number += 1) {
      const folder = join(base, `${name}-${number}`);
      if (!tryToMake(folder)) continue;
      closeSync(openSync(join(folder, LOCK_FILE), "ax", 0o600));
      const label = openSync(join(folder, LABEL), "ax", 0o600);
      writeFileSync(label, `${JSON.stringify({ url: baseUrl, token_digest: tokenDigest })}\n`);
      fsyncSync(label);
      closeSync(label);
      syncFolder(folder);
      syncFolder(base);
      return folder;
    }
  } catch (error) {
    throw spoolError(base, error);
  }
}

function tryToMake(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  }
}

function names(base: string): string[] {
  try {
    return readdirSync(base).sort();
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw spoolError(base, error);
  }
}

/** Undefined for what is no spool, or one that is being made just now. */
function readLabel(folder: string): SpoolFolder | undefined {
  try {
    const { url, token_digest } = JSON.parse(readFileSync(join(folder, LABEL), "utf8"));
    return { folder, url, tokenDigest: token_digest };
  } catch {
    return undefined;
  }
}

/** Makes the folder of all spools, where a person named one. Throws `usage`. */
export function makeSpoolBase(flag: string, base: string): void {
  try {
    mkdirSync(base, { recursive: true, mode: 0o700 });
    accessSync(base, constants.W_OK);
  } catch (error) {
    throw new LogctlError("usage", `${flag} '${base}' is no folder to write to: ${(error as Error).message}`, { cause: error });
  }
}
