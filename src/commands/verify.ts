import { type Command, Option } from "commander";
import type { CliContext } from "../context.ts";
import { LogctlError } from "../errors.ts";
import { findDatabase } from "../store/blocks/find-database.ts";
import { type Finding, type Verification, verifyDatabase } from "../store/blocks/verify.ts";
import { databaseOption } from "./options/database-option.ts";
import { createProgressLine } from "./report/progress-line.ts";

type VerifyFlags = { db: string; output: "text" | "json" };

export function registerVerify(program: Command, context: CliContext): void {
  program
    .command("verify")
    .description("read everything in a database, also of a running collector, and say what is damaged or missing")
    .addOption(databaseOption(context))
    .addOption(new Option("-o, --output <format>", "how to say it").choices(["text", "json"]).default("text"))
    .action((flags: VerifyFlags) => verify(flags, context));
}

async function verify({ output, ...flags }: VerifyFlags, context: CliContext): Promise<void> {
  const db = findDatabase(flags.db);
  const verification = await verifyFile(db, context);
  const { stdout } = context;
  if (output === "json") stdout.write(`${JSON.stringify({ database: db, ...verification })}\n`);
  else stdout.write(verification.findings.map((finding) => `${describeFinding(finding)}\n`).join(""));
  await stdout.drain();
  if (verification.findings.length > 0) throw damaged(db, verification);
  if (output === "text") stdout.write(`${db} is whole: ${describeContents(verification)}\n`);
}

/** Verifies a database, with a line that says how far it is on a terminal. Throws `interrupted` once the context's signal is aborted. */
export async function verifyFile(path: string, { stderr, signal, now }: CliContext): Promise<Verification> {
  const progress = createProgressLine(stderr, now);
  const verifying = verifyDatabase(path);
  try {
    for (let step = verifying.next(); ; step = verifying.next()) {
      if (step.done) return step.value;
      const { block, blocks } = step.value;
      progress.show(() => `verifying ${path}: block ${block} of ${blocks}`);
      // What a block was unpacked to is garbage of which the engine hears too late; and Ctrl-C is heard only in between.
      Bun.gc(true);
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw new LogctlError("interrupted", "interrupted");
    }
  } finally {
    verifying.return(undefined as never);
    progress.clear();
  }
}

export function describeContents({ records, blocks, unchecked }: Verification): string {
  const old = unchecked === 0 ? "" : ` (${unchecked} of them of before there were checksums: readable, but unchecked)`;
  return `${count(records, "record")} in ${count(blocks, "block")}${old}`;
}

export function damaged(path: string, { blocks, whole, missing, findings }: Verification): LogctlError {
  const what = [
    ...(whole < blocks ? [`${blocks - whole} of ${count(blocks, "block")}`] : []),
    ...(missing > 0 ? [`${count(missing, "record")} missing`] : []),
    ...(findings.some(({ about }) => about === "file") ? ["the file itself"] : []),
  ];
  return new LogctlError("database_damaged", `the database '${path}' is damaged: ${what.join(", ") || "blocks overlap"}`);
}

export function describeFinding({ about, block, first_id, last_id, message }: Finding): string {
  if (about === "file") return `file: ${message}`;
  const records = `records ${first_id} to ${last_id}`;
  return about === "block" ? `block ${block} (${records}): ${message}` : `${records}: ${message}`;
}

function count(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}
