import { describe, expect, test } from "bun:test";
import { inTime } from "../../../../src/server/ingest/time-limit.ts";

describe("a limit of time", () => {
  test("gives what is there in time, and throws what the work throws", async () => {
    expect(await inTime(Promise.resolve(7), 1000)).toBe(7);
    await expect(inTime(Promise.reject(new Error("broken")), 1000)).rejects.toThrow("broken");
  });

  test("ends what takes longer, and nothing else; also after all was quiet for a while", async () => {
    for (let round = 0; round < 2; round += 1) {
      const slow = inTime(new Promise(() => {}), 20);
      const late = inTime(
        Bun.sleep(120).then(() => "late"),
        10_000,
      );
      await expect(slow).rejects.toMatchObject({ code: "request_timeout" });
      expect(await late).toBe("late");
      await Bun.sleep(120);
    }
  });
});
