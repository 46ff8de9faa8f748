import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { askForRecord } from "../../../../src/commands/send/ask-for-record.ts";
import { DEMO_SERVICES } from "../../../../src/schema/demo-tokens.ts";

const ENTER = "\r";
const DOWN = "\u001b[B";
const CONTROL_C = "\u0003";

/** A terminal on which someone types: the next answer once the screen shows what it is given for. */
function createTypist(answers: [shown: string, keys: string][]) {
  const input = new PassThrough();
  const output = new PassThrough();
  const screen: string[] = [];
  let sinceLast = "";
  output.on("data", (bytes: Buffer) => {
    screen.push(bytes.toString());
    sinceLast += bytes.toString();
    const next = answers[0];
    if (next === undefined || !sinceLast.includes(next[0])) return;
    answers.shift();
    sinceLast = "";
    setImmediate(() => input.write(next[1]));
  });
  return { input, output, signal: new AbortController().signal, screen: () => screen.join("") };
}

describe("askForRecord", () => {
  test("asks for one of the demo services, for severity and message", async () => {
    const typist = createTypist([
      ["Which service writes?", DOWN],
      ["payments", ENTER],
      ["How severe is it?", DOWN],
      ["WARN", ENTER],
      ["What happened?", `it fell${ENTER}`],
    ]);
    expect(await askForRecord({ service: true, severity: true, ...typist })).toEqual({
      service: "payments",
      severity: "WARN",
      message: "it fell",
    });
    for (const service of DEMO_SERVICES) expect(typist.screen()).toContain(service);
  });

  test("asks only for what is not known", async () => {
    const typist = createTypist([["What happened?", `it fell${ENTER}`]]);
    expect(await askForRecord({ service: false, severity: false, ...typist })).toEqual({ message: "it fell" });
    expect(typist.screen()).not.toContain("severe");
  });

  test("does not take a blank message for an answer", async () => {
    const typist = createTypist([
      ["What happened?", `  ${ENTER}`],
      ["a log needs a message", `m${ENTER}`],
    ]);
    const { message } = await askForRecord({ service: false, severity: false, ...typist });
    expect(message.trim()).toBe("m");
  });

  test.each(["Which service writes?", "How severe is it?", "What happened?"])("can be left at '%s'", async (question) => {
    const answers: [string, string][] = [
      ["Which service writes?", ENTER],
      ["How severe is it?", ENTER],
      ["What happened?", `m${ENTER}`],
    ];
    const typist = createTypist(answers.map(([shown, keys]) => [shown, shown === question ? CONTROL_C : keys]));
    await expect(askForRecord({ service: true, severity: true, ...typist })).rejects.toMatchObject({ code: "interrupted" });
  });
});
