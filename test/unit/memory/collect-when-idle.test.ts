import { expect, test } from "bun:test";
import { collectWhenIdle } from "../../../src/memory/collect-when-idle.ts";
import { eventually } from "../../support/binary.ts";

test("what requests left behind is collected once few come, and not again before there is something to collect", async () => {
  let collections = 0;
  const idle = collectWhenIdle(() => {
    collections += 1;
  }, 20);
  try {
    await Bun.sleep(100);
    expect(collections).toBe(0);
    // Under load there is none: many come in each of the times between two looks.
    const untilMs = performance.now() + 150;
    while (performance.now() < untilMs) {
      for (let i = 0; i < 50; i += 1) idle.served();
      await Bun.sleep(1);
    }
    expect(collections).toBe(0);
    await eventually(() => (collections > 0 ? true : undefined));
    await Bun.sleep(100);
    expect(collections).toBe(1);
    idle.served();
    await eventually(() => (collections > 1 ? true : undefined));
  } finally {
    idle.stop();
  }
  idle.served();
  await Bun.sleep(60);
  expect(collections).toBe(2);
});
