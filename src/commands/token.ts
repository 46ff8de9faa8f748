import { type Command, Option } from "commander";
import type { CliContext } from "../context.ts";
import { LogctlError } from "../errors.ts";
import { createPaint, wantsColour } from "../render/text/colours.ts";
import { renderTokenTable, type TokenRow } from "../render/token-table.ts";
import { MAX_SERVICE_CHARACTERS } from "../schema/limits.ts";
import { serviceSchema } from "../schema/record.ts";
import { ANY_SERVICE, SCOPES, type Scope, type StoredToken } from "../schema/token.ts";
import { findDatabase, resolveDatabase } from "../store/blocks/find-database.ts";
import { openTokens, type TokenBook } from "../store/blocks/open-tokens.ts";
import { databaseOption } from "./options/database-option.ts";
import { parseDuration } from "./options/parse-duration.ts";
import { parseSize } from "./options/parse-size.ts";
import { parseWholeNumber } from "./options/parse-whole-number.ts";

type DatabaseFlags = { db: string };
type CreateFlags = DatabaseFlags & { service: string; name?: string; scope: Scope[]; expires?: string } & LimitFlags;
type LimitFlags = { rateLimit?: string; dailyQuota?: string };
type RotateFlags = DatabaseFlags & { grace?: string };

/** A quota of less is spent by one batch. */
const MIN_QUOTA_BYTES = 1_000_000;

export function registerToken(program: Command, context: CliContext): void {
  const token = program.command("token").description("make, list, replace and revoke the tokens by which services are known");
  token
    .command("create")
    .description("make a token and print it; it is not shown again")
    .requiredOption("--service <name>", "the service it writes and reads as, or '*' for any")
    .option("--name <name>", "what to call it (default: the service)")
    .addOption(new Option("--scope <scope...>", "what it may do").choices(SCOPES).default(["ingest"]))
    .option("--expires <duration>", "for how long it is good, such as 12h, 90d or 4w (default: for ever)")
    .option("--rate-limit <number>", "how many records a second it may write (default: any number)")
    .option("--daily-quota <size>", "how much it may write on a day of UTC, such as 500MB or 10GB (default: any amount)")
    .addOption(databaseOption(context))
    .action((flags: CreateFlags) => withTokens(resolveDatabase(flags.db), (tokens) => create(tokens, flags, context)));
  token
    .command("list")
    .description("show the tokens: a table on a terminal, JSON lines elsewhere")
    .addOption(databaseOption(context))
    .action((flags: DatabaseFlags) => withTokens(findDatabase(flags.db), (tokens) => list(tokens, context)));
  token
    .command("rotate <name>")
    .description("give a token a new secret and print it; the old one ends at once, or after --grace")
    .option("--grace <duration>", "for how long the old secret stays good, such as 30m, 24h or 7d")
    .addOption(databaseOption(context))
    .action((name: string, flags: RotateFlags) =>
      withTokens(findDatabase(flags.db), (tokens) => rotate(tokens, name, flags, context)),
    );
  token
    .command("revoke <name>")
    .description("take a token out of force")
    .addOption(databaseOption(context))
    .action((name: string, flags: DatabaseFlags) =>
      withTokens(findDatabase(flags.db), (tokens) => revoke(tokens, name, context)),
    );
}

function withTokens(db: string, work: (tokens: TokenBook) => void): void {
  using tokens = openTokens(db);
  work(tokens);
}

function create(tokens: TokenBook, flags: CreateFlags, { now, stdout, stderr }: CliContext): void {
  const service = flags.service === ANY_SERVICE ? ANY_SERVICE : readName("--service", flags.service);
  const name = readName("--name", flags.name ?? (service === ANY_SERVICE ? "any" : service));
  const scopes = SCOPES.filter((scope) => flags.scope.includes(scope));
  const expiresAt = flags.expires === undefined ? null : now() + parseDuration("--expires", flags.expires);
  const rateLimit = flags.rateLimit === undefined ? null : parseWholeNumber("--rate-limit", flags.rateLimit, 1);
  const dailyQuotaBytes = flags.dailyQuota === undefined ? null : parseSize("--daily-quota", flags.dailyQuota, MIN_QUOTA_BYTES);
  const isFirst = tokens.list().length === 0;
  const secret = tokens.create({ name, service, scopes, expiresAt, rateLimit, dailyQuotaBytes }, now());
  if (secret === undefined) {
    throw new LogctlError("usage", `there is a token '${name}' already: logctl token rotate ${name}, or another --name`);
  }
  stdout.write(`${secret}\n`);
  stderr.write(`Keep it now, it is not shown again. '${name}' may ${scopes.join(", ")} as ${describe(service)}.\n`);
  if (isFirst) stderr.write("From now on demo tokens are refused and reading needs a token with --scope read.\n");
}

/** A token is called as a service may be. */
function readName(flag: string, value: string): string {
  if (serviceSchema.safeParse(value).success) return value;
  const expected = `must be text of 1 to ${MAX_SERVICE_CHARACTERS} characters without control characters`;
  throw new LogctlError("usage", `${flag} ${expected}, not ${JSON.stringify(value)}`);
}

function list(tokens: TokenBook, { env, now, stdout }: CliContext): void {
  const rows = tokens.list().map((token) => rowOf(token, now()));
  if (!stdout.isTTY) return stdout.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  stdout.write(renderTokenTable(rows, createPaint(wantsColour({ env, isTTY: true, allowed: true }))));
}

function rotate(tokens: TokenBook, name: string, { grace }: RotateFlags, { now, stdout, stderr }: CliContext): void {
  const expired = tokens.list().find((token) => token.name === name && stateOf(token, now()) === "expired");
  if (expired !== undefined) {
    throw new LogctlError("usage", `the token '${name}' has expired: logctl token revoke ${name}, then create it again`);
  }
  const previousUntil = grace === undefined ? null : now() + parseDuration("--grace", grace);
  const secret = tokens.rotate(name, previousUntil);
  if (secret === undefined) throw noSuchToken(name);
  stdout.write(`${secret}\n`);
  const from = previousUntil === null ? "now on" : timeOf(previousUntil);
  stderr.write(`Keep it now, it is not shown again. The old secret of '${name}' is refused from ${from}.\n`);
}

function revoke(tokens: TokenBook, name: string, { now, stderr }: CliContext): void {
  if (!tokens.revoke(name, now())) throw noSuchToken(name);
  stderr.write(`'${name}' is refused from now on.\n`);
}

function rowOf(token: StoredToken, nowMs: number): TokenRow {
  const { name, service, scopes, rateLimit, dailyQuotaBytes } = token;
  return {
    name,
    service,
    scopes,
    state: stateOf(token, nowMs),
    created_at: timeOf(token.createdAt),
    expires_at: timeOf(token.expiresAt),
    last_used_at: timeOf(token.lastUsedAt),
    old_secret_until: timeOf(token.previousUntil),
    rate_limit: rateLimit,
    daily_quota_bytes: dailyQuotaBytes,
  };
}

function stateOf({ expiresAt, revokedAt, previousUntil }: StoredToken, nowMs: number): TokenRow["state"] {
  if (revokedAt !== null) return "revoked";
  if (expiresAt !== null && expiresAt <= nowMs) return "expired";
  return previousUntil !== null && nowMs < previousUntil ? "rotating" : "in force";
}

function timeOf<Time extends number | null>(ms: Time): Time extends number ? string : string | null;
function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function describe(service: string): string {
  return service === ANY_SERVICE ? "any service" : `'${service}'`;
}

function noSuchToken(name: string): LogctlError {
  return new LogctlError("usage", `no token '${name}' is in force: logctl token list shows them`);
}
