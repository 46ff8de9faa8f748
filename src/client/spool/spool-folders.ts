import { accessSync, chmodSync, closeSync, constants, mkdirSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { LogctlError } from "../../errors.ts";
import type { LockHolder } from "../../lock/lock-holder.ts";
import type { Connection } from "../connection.ts";
import { isOwnFolder, openOwnFile } from "./own-files.ts";
import { LOCK_FILE, openSpool, spoolError } from "./spool.ts";
import type { Spool } from "./spool-batch.ts";
import { readLabel, type SpoolLabel, writeLabel } from "./spool-label.ts";
import { listSegments, syncFolder } from "./spool-segment.ts";

/** A spool's folder, and what it is for. */
export type SpoolFolder = { folder: string } & SpoolLabel;

export type ClaimOptions = {
  /** The folder in which each spool has its own. */
  base: string;
  connection: Pick<Connection, "baseUrl" | "tokenDigest">;
  pid: number;
  now: () => number;
  segmentBytes?: number;
  /** Told why a spool, or a file of one, is left as it is: that costs nobody else anything. */
  onUnusable?(error: LogctlError): void;
};

/** The spools in a folder, by name; none where it is not there. Throws `spool_unusable`. */
export function listSpoolFolders(base: string): SpoolFolder[] {
  return names(base).flatMap((name) => {
    const folder = join(base, name);
    const label = readLabel(folder);
    return typeof label === "object" ? { folder, url: label.url, tokenDigest: label.tokenDigest } : [];
  });
}

/**
 * The folders of this user in which something waits for nobody knows whom, since their labels cannot be read; with a collector's
 * address, those that were named after it.
 */
export function listUnlabelled(base: string, url?: string): string[] {
  const start = url === undefined ? "" : `${folderName(url)}-`;
  return names(base)
    .filter((name) => name.startsWith(start))
    .map((name) => join(base, name))
    .filter((folder) => isUnlabelled(folder));
}

function isUnlabelled(folder: string): boolean {
  try {
    return typeof readLabel(folder) !== "object" && isOwnFolder(folder) && listSegments(folder).length > 0;
  } catch {
    // It is no folder, or gone by now.
    return false;
  }
}

/** What there is to say of a spool whose label cannot be read. */
export function unlabelledError(folder: string): LogctlError {
  const message = `the label of the spool '${folder}' cannot be read, and what waits in it stays there`;
  return new LogctlError("spool_unusable", `${message}; logctl spool drain --any-token takes it for what its folder's name says`);
}

/** Labels anew, for a collector, the spools whose labels cannot be read and that were named after it. Throws `spool_unusable`. */
export function adoptUnlabelled({ base, connection }: Pick<ClaimOptions, "base" | "connection">): void {
  const { baseUrl: url, tokenDigest } = connection;
  for (const folder of listUnlabelled(base, url)) {
    try {
      writeLabel(folder, { url, tokenDigest });
    } catch (error) {
      throw spoolError(folder, error);
    }
  }
}

/**
 * What earlier processes left for a collector and nobody works on, oldest first; the last of them is where this process adds
 * to. One in which nothing is left but damage is among them. Empty where nothing is left. Throws `spool_unusable`.
 */
export function claimLeftSpools(options: ClaimOptions): Spool[] {
  const left: { spool: Spool; createdAtMs: number }[] = [];
  for (const { folder } of foldersFor(options)) {
    const found = tryToUse(folder, options, () => (listSegments(folder).length > 0 ? openLeft(folder, options) : undefined));
    if (found !== undefined) left.push(found);
  }
  return left.sort((a, b) => a.createdAtMs - b.createdAtMs).map(({ spool }) => spool);
}

function openLeft(folder: string, options: ClaimOptions): { spool: Spool; createdAtMs: number } | undefined {
  const spool = openLabelled(folder, options);
  if ("holder" in spool) return undefined;
  try {
    for (const path of spool.newer()) {
      const message = `'${path}' is of a newer logctl, and is left as it is: that one delivers what is in it`;
      options.onUnusable?.(new LogctlError("spool_unusable", message));
    }
    const head = spool.head();
    if (head !== undefined || spool.damaged() > 0) return { spool, createdAtMs: head?.createdAtMs ?? 0 };
  } catch (error) {
    spool.close();
    throw error;
  }
  spool.close();
  return undefined;
}

/** A spool for this process alone in which nothing waits: one that is free, or a new one. Throws `spool_unusable` or `spool_full`. */
export function claimEmptySpool(options: ClaimOptions): Spool {
  for (const { folder } of foldersFor(options)) {
    // What is the matter with one is told when it is looked through for what was left.
    const spool = tryToUse(folder, { ...options, onUnusable: () => {} }, () => openEmpty(folder, options));
    if (spool !== undefined) return spool;
  }
  for (;;) {
    const spool = openSpool({ ...options, folder: makeFolder(options) });
    // Another process may be as quick as this one.
    if (!("holder" in spool)) return spool;
  }
}

function openEmpty(folder: string, options: ClaimOptions): Spool | undefined {
  const spool = openLabelled(folder, options);
  if ("holder" in spool) return undefined;
  if (isFree(spool)) return spool;
  spool.close();
  return undefined;
}

function isFree(spool: Spool): boolean {
  try {
    return spool.head() === undefined && spool.newer().length === 0;
  } catch (error) {
    spool.close();
    throw error;
  }
}

/** As `openSpool`; a label of which there is one copy only gets another. */
function openLabelled(folder: string, options: ClaimOptions): Spool | LockHolder {
  const spool = openSpool({ ...options, folder });
  const label = readLabel(folder);
  if ("holder" in spool || typeof label !== "object" || label.isCurrent) return spool;
  try {
    writeLabel(folder, label);
  } catch (error) {
    // Where the disk is full, what waits can be delivered all the same.
    if (spoolError(folder, error).code === "spool_full") return spool;
    spool.close();
    throw error;
  }
  return spool;
}

/** What became of a spool; where it cannot be used, that is told. */
function tryToUse<Result>(folder: string, { onUnusable }: ClaimOptions, use: () => Result): Result | undefined {
  try {
    return use();
  } catch (error) {
    onUnusable?.(error instanceof LogctlError ? error : spoolError(folder, error));
    return undefined;
  }
}

function foldersFor({ base, connection }: ClaimOptions): SpoolFolder[] {
  const { baseUrl, tokenDigest } = connection;
  return listSpoolFolders(base).filter((found) => found.url === baseUrl && found.tokenDigest === tokenDigest);
}

/** Makes a folder and whatever it is in; each is only its owner's. */
function makeFolder({ base, connection: { baseUrl: url, tokenDigest } }: ClaimOptions): string {
  try {
    makeBase(base);
    for (let number = 1; ; number += 1) {
      const folder = join(base, `${folderName(url)}-${number}`);
      if (!tryToMake(folder)) continue;
      closeSync(openOwnFile(join(folder, LOCK_FILE), "make"));
      writeLabel(folder, { url, tokenDigest });
      syncFolder(base);
      return folder;
    }
  } catch (error) {
    throw spoolError(base, error);
  }
}

function folderName(baseUrl: string): string {
  return new URL(baseUrl).host.replace(/[^\w.-]+/g, "_").slice(0, 100);
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

/**
 * Makes the folder that spools are in, where it is not there. In one that others can write to they could put another spool in the
 * place of ours: they can no longer, or where it is not ours, and nothing keeps them from it (the sticky bit), this throws.
 */
function makeBase(base: string): void {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const { mode } = statSync(base);
  if ((mode & 0o022) === 0 || (mode & 0o1000) !== 0) return;
  if (!isOwnFolder(realpathSync(base))) throw new Error("other users can write to it");
  chmodSync(base, mode & 0o7755);
}

/** Makes the folder of all spools, where a person named one. Throws `usage`. */
export function makeSpoolBase(flag: string, base: string): void {
  try {
    makeBase(base);
    accessSync(base, constants.W_OK);
  } catch (error) {
    throw new LogctlError("usage", `${flag} '${base}' is no folder to write to: ${(error as Error).message}`, { cause: error });
  }
}
