import { LogctlError } from "../../errors.ts";
import type { TokenUse } from "../../schema/token.ts";
import type { Identity, TokenLimits } from "./identify.ts";

/** Keeps each token's account: when it was used, and how much it wrote. */
export type TokenAccounts = {
  /** To be told of every request that has a token. */
  used(identity: Identity): void;
  /** Throws `rate_limited` or `quota_exceeded` where a body of so many bytes may not be written now. */
  check(identity: Identity, bytes: number): void;
  /** So much is about to be written. */
  charge(identity: Identity, records: number, bytes: number): void;
  /** What was charged could not be written. */
  giveBack(identity: Identity, records: number, bytes: number): void;
};

export type TokenAccountsOptions = {
  /** Keeps it, in the background. */
  noteUse: (use: TokenUse) => void;
  /** Milliseconds since the epoch. */
  now: () => number;
};

/** A token's use is written down at most once in so long. */
const NOTE_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

type Account = { notedAtMs: number; allowance: number; refilledAtMs: number; day: number; bytes: number };

export function createTokenAccounts({ noteUse, now }: TokenAccountsOptions): TokenAccounts {
  const accounts = new Map<number, Account>();

  function accountOf(id: number, { rateLimit, quotaDay, quotaBytes }: TokenLimits): Account {
    const nowMs = now();
    const day = Math.floor(nowMs / DAY_MS);
    let account = accounts.get(id);
    if (account === undefined) {
      const bytes = quotaDay === day ? quotaBytes : 0;
      account = { notedAtMs: Number.NEGATIVE_INFINITY, allowance: rateLimit ?? 0, refilledAtMs: nowMs, day, bytes };
      accounts.set(id, account);
    }
    // A clock that goes back gives no new day.
    if (account.day < day) account.bytes = 0;
    account.day = day;
    return account;
  }

  /** A bucket that holds what may be written in a second. What was written beyond it is paid back first. */
  function refill(account: Account, rateLimit: number): void {
    const nowMs = now();
    const passedMs = Math.max(0, nowMs - account.refilledAtMs);
    account.allowance = Math.min(rateLimit, account.allowance + (passedMs * rateLimit) / 1000);
    account.refilledAtMs = nowMs;
  }

  return {
    used({ id, limits }) {
      if (limits === undefined) return;
      const account = accountOf(id, limits);
      const nowMs = now();
      if (nowMs - account.notedAtMs < NOTE_EVERY_MS && nowMs >= account.notedAtMs) return;
      account.notedAtMs = nowMs;
      noteUse({ id, usedAt: nowMs, quotaDay: account.day, quotaBytes: account.bytes });
    },
    check({ id, limits }, bytes) {
      if (limits === undefined) return;
      const { rateLimit, dailyQuotaBytes } = limits;
      if (rateLimit === null && dailyQuotaBytes === null) return;
      const account = accountOf(id, limits);
      if (dailyQuotaBytes !== null && account.bytes + bytes > dailyQuotaBytes) {
        throw new LogctlError(
          "quota_exceeded",
          `this token may write ${dailyQuotaBytes} bytes a day (UTC), and has written ${account.bytes}`,
          {
            retryAfterS: Math.ceil(((account.day + 1) * DAY_MS - now()) / 1000),
          },
        );
      }
      if (rateLimit === null) return;
      refill(account, rateLimit);
      if (account.allowance >= 1) return;
      throw new LogctlError("rate_limited", `this token may write ${rateLimit} records a second; send this again later`, {
        retryAfterS: Math.max(1, Math.ceil((1 - account.allowance) / rateLimit)),
      });
    },
    charge({ id, limits }, records, bytes) {
      if (limits === undefined) return;
      const account = accountOf(id, limits);
      account.allowance -= records;
      account.bytes += bytes;
    },
    giveBack({ id, limits }, records, bytes) {
      if (limits === undefined) return;
      const account = accountOf(id, limits);
      account.allowance += records;
      // A new day may have begun meanwhile.
      account.bytes = Math.max(0, account.bytes - bytes);
    },
  };
}
