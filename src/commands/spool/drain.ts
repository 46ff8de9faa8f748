import type { Connection } from "../../client/connection.ts";
import { openDelivery } from "../../client/delivery.ts";
import { type DrainOptions, drainUnlessUnusable } from "../../client/spool/drain-spool.ts";
import {
  adoptUnlabelled,
  claimLeftSpools,
  listSpoolFolders,
  listUnlabelled,
  type SpoolFolder,
  unlabelledError,
} from "../../client/spool/spool-folders.ts";
import { readSpoolStatus } from "../../client/spool/spool-status.ts";
import type { CliContext } from "../../context.ts";
import { LogctlError } from "../../errors.ts";
import { sanitizeText } from "../../render/text/sanitize.ts";
import { DEMO_SERVICES } from "../../schema/demo-tokens.ts";
import { type ConnectionFlags, connect } from "../options/connection-options.ts";
import { connectAs, hasToken } from "../options/demo-connection.ts";
import { DEFAULT_MAX_BYTES, requireSpoolBase } from "../options/spool-options.ts";
import { countOf, createDeliveryTally } from "../report/delivery-tally.ts";
import { createProgressLine } from "../report/progress-line.ts";
import { damagedError, lossLines } from "../report/spool-report.ts";
import { failureOf } from "../send/end-sending.ts";

export type DrainFlags = ConnectionFlags & { spool?: string; anyToken?: true };

/**
 * Delivers what waits for a collector and was written with the token that is given (without one: with a demo token), and says
 * what became of it. Throws what keeps anything from being delivered.
 */
export async function runDrain(flags: DrainFlags, context: CliContext): Promise<void> {
  const { stderr, signal, now } = context;
  const base = requireSpoolBase(flags.spool, context);
  const connections = await connectionsFor(flags, context);
  const url = (connections[0] as Connection).baseUrl;
  const tally = createDeliveryTally();
  const losses = { dropped: 0, tooOld: 0, notKept: 0, damaged: 0 };
  const unusable: LogctlError[] = [];
  const progress = createProgressLine(stderr, now);
  const options: Omit<DrainOptions, "connection"> = {
    ...{ delivery: openDelivery({ signal, now }), now, maxDeadBytes: DEFAULT_MAX_BYTES, maxAgeMs: undefined },
    onPart({ answer }) {
      tally.add(answer, () => "a record that was spooled");
      progress.show(() => `delivered ${countOf(tally.stored(), "record")}`);
    },
    onLoss(reason, count) {
      losses[reason] += count;
    },
  };

  const onUnusable = (error: LogctlError) => void unusable.push(error);

  async function drainAll(): Promise<void> {
    if (flags.anyToken) adoptUnlabelled({ base, connection: connections[0] as Connection });
    for (const tokenDigest of new Set(foldersOf(base, url).map((folder) => folder.tokenDigest))) {
      const own = connections.find((connection) => connection.tokenDigest === tokenDigest);
      const connection = own ?? (flags.anyToken ? connections[0] : undefined);
      if (connection === undefined) continue;
      const spools = claimLeftSpools({ base, connection: { baseUrl: url, tokenDigest }, pid: context.pid, now, onUnusable });
      try {
        for (const spool of spools) await drainUnlessUnusable(spool, { ...options, connection }, onUnusable);
      } finally {
        for (const spool of spools) {
          losses.damaged += spool.damaged();
          spool.close();
        }
      }
    }
  }

  const failure = await failureOf(drainAll());
  progress.clear();
  unusable.push(...listUnlabelled(base, url).map(unlabelledError));
  for (const line of [...tally.refusalLines(), ...lossLines(losses)]) stderr.write(`${line}\n`);
  const isAnswered = tally.stored() + tally.refused() > 0;
  const left = whatIsLeft(foldersOf(base, url), connections, flags, failure);
  if (isAnswered) stderr.write(`delivered ${countOf(tally.stored(), "record")}\n`);
  else if (failure === undefined && left === undefined && unusable.length + losses.damaged === 0)
    stderr.write(`nothing waits for the collector at ${url}\n`);
  const end = left ?? failure ?? tally.failure() ?? unusable[0] ?? damagedError(losses);
  for (const error of unusable) if (error !== end) stderr.write(`logctl: ${sanitizeText(error.message)}\n`);
  if (end !== undefined) throw end;
}

/** With each token that records may have been written with. */
async function connectionsFor(flags: DrainFlags, context: CliContext): Promise<Connection[]> {
  if (hasToken(flags, context)) return [await connect(flags, context)];
  return Promise.all([...DEMO_SERVICES, undefined].map((service) => connectAs(service, flags, context)));
}

function foldersOf(base: string, url: string): SpoolFolder[] {
  return listSpoolFolders(base).filter((folder) => folder.url === url);
}

/** Why something still waits, unless that is for what the drain failed with. */
function whatIsLeft(
  folders: SpoolFolder[],
  connections: Connection[],
  { anyToken }: DrainFlags,
  failure: unknown,
): LogctlError | undefined {
  const left = folders.map((folder) => ({ ...readSpoolStatus(folder), ...folder })).filter(({ records }) => records > 0);
  const count = countOf(
    left.reduce((sum, { records }) => sum + records, 0),
    "record",
  );
  if (failure instanceof LogctlError && failure.code === "unreachable") {
    return new LogctlError("spooled", `${failure.message}; still to be delivered: ${count}`, { cause: failure });
  }
  if (failure !== undefined) return undefined;
  const used = left.find(({ used_by }) => used_by !== null);
  if (used !== undefined) {
    const message = `the spool '${used.folder}' is in use by process ${used.used_by}, which delivers what is in it`;
    return new LogctlError("spool_unusable", message);
  }
  const isForeign = ({ tokenDigest }: SpoolFolder) => !connections.some((connection) => connection.tokenDigest === tokenDigest);
  if (anyToken || !left.some(isForeign)) return undefined;
  const advice = "give that one by LOGCTL_TOKEN or --token-file, or deliver with another one by --any-token";
  return new LogctlError("spooled", `still to be delivered: ${count}, written with another token; ${advice}`);
}
