import { describe, expect, test } from "bun:test";
import { run } from "../../../src/cli.ts";
import { TOPICS } from "../../../src/manual/topics.ts";
import { createTestContext } from "../../support/cli.ts";

async function help(...words: string[]) {
  const context = createTestContext();
  const code = await run(["help", ...words], context);
  return { code, out: context.out(), err: context.err() };
}

describe("logctl help", () => {
  test("lists the commands and every page of the manual", async () => {
    const { code, out } = await help();
    expect(code).toBe(0);
    for (const { name, title } of TOPICS) expect(out).toMatch(new RegExp(`^  ${name} +${title}$`, "m"));
    expect(out).toContain("serve [options]");
  });

  test("shows each page as it is", async () => {
    for (const { name, text } of TOPICS) expect(await help(name)).toEqual({ code: 0, out: text, err: "" });
  });

  test("shows the options of a command within a command", async () => {
    const { code, out } = await help("token", "create");
    expect([code, out.includes("Usage: logctl token create [options]")]).toEqual([0, true]);
  });

  test("says of other words that there is no such page", async () => {
    const err = "logctl: there is no page and no command 'tokn'; logctl help lists them\n";
    expect(await help("tokn")).toEqual({ code: 2, out: "", err });
  });

  test("is named behind the options of every command", async () => {
    for (const command of [["serve"], ["token"], ["token", "list"], ["spool", "drain"]]) {
      const context = createTestContext();
      await run([...command, "--help"], context);
      expect(context.out()).toContain(`Manual: logctl help ${command[0]}`);
    }
  });
});
