import type { StoredToken } from "../../schema/token.ts";
import { openForWriting } from "./file/database.ts";
import { createToken, listTokens, type NewToken, revokeToken, rotateToken } from "./file/tokens.ts";
import { checkLeftovers } from "./health/missing-records.ts";

/** The tokens of a database, which a collector may have open meanwhile. Times are ms since the epoch. */
export type TokenBook = Disposable & {
  /** Every token ever made. */
  list(): StoredToken[];
  /** Makes a token and answers its secret; undefined where one of that name is in force. */
  create(token: NewToken, nowMs: number): string | undefined;
  /** Gives a token a new secret and answers it; the old one is good until `previousUntil`. Undefined where none of that name is in force. */
  rotate(name: string, previousUntil: number | null): string | undefined;
  /** Takes a token out of force; false where none of that name is. */
  revoke(name: string, nowMs: number): boolean;
};

/** Opens the tokens of the database at `path`, which is made where it is not there. Throws `database_unusable` or `database_damaged`. */
export function openTokens(path: string): TokenBook {
  checkLeftovers(path);
  const database = openForWriting(path);
  const create = database.transaction((token: NewToken, nowMs: number) => {
    const isTaken = listTokens(database).some(({ name, revokedAt }) => name === token.name && revokedAt === null);
    return isTaken ? undefined : createToken(database, token, nowMs);
  });
  return {
    list: () => listTokens(database),
    create: (token, nowMs) => create.immediate(token, nowMs),
    rotate: (name, previousUntil) => rotateToken(database, name, previousUntil),
    revoke: (name, nowMs) => revokeToken(database, name, nowMs),
    [Symbol.dispose]: () => database.close(),
  };
}
