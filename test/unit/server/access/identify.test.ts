import { describe, expect, test } from "bun:test";
import type { LogctlError } from "../../../../src/errors.ts";
import { digestOfToken, type StoredToken } from "../../../../src/schema/token.ts";
import { createIdentify } from "../../../../src/server/access/identify.ts";

function openIdentify(demo = true) {
  const stored: StoredToken[] = [];
  const machine = { ms: 0, reads: 0 };
  const identify = createIdentify({
    tokens: () => {
      machine.reads += 1;
      return [...stored];
    },
    demo,
    now: () => machine.ms,
  });
  return {
    machine,
    make(secret: string): void {
      const never = { expiresAt: null, revokedAt: null, lastUsedAt: null, previousDigest: null, previousUntil: null };
      const limits = { rateLimit: null, dailyQuotaBytes: null, quotaDay: 0, quotaBytes: 0 };
      const token = { id: stored.length + 1, name: secret, service: "my-app", scopes: ["ingest", "read"], createdAt: 0 };
      stored.push({ ...token, ...never, ...limits, digest: digestOfToken(secret) } as StoredToken);
    },
    who(secret: string): number | string {
      try {
        return identify(`Token ${secret}`, "read").id;
      } catch (error) {
        return (error as LogctlError).code;
      }
    },
  };
}

describe("a token", () => {
  test("that was made a moment ago is known at once", () => {
    const { machine, make, who } = openIdentify();
    expect(who("lct_new")).toBe("unauthorized");
    make("lct_new");
    machine.ms += 50;
    expect(who("lct_new")).toBe(1);
  });

  test("that nobody made has the tokens read no more often than that", () => {
    const { machine, who } = openIdentify();
    for (; machine.ms < 1000; machine.ms += 1) expect(who("lct_wrong")).toBe("unauthorized");
    expect(machine.reads).toBe(20);
  });

  test("that is known has them read once a second", () => {
    const { machine, make, who } = openIdentify();
    make("lct_known");
    for (; machine.ms < 5000; machine.ms += 10) expect(who("lct_known")).toBe(1);
    expect(machine.reads).toBe(5);
  });
});
