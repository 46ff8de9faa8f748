import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { backUp } from "../store/blocks/backup.ts";
import { findDatabase } from "../store/blocks/find-database.ts";
import { databaseOption } from "./options/database-option.ts";
import { damaged, describeContents, describeFinding, verifyFile } from "./verify.ts";

type BackupFlags = { db: string; verify?: boolean };

export function registerBackup(program: Command, context: CliContext): void {
  program
    .command("backup <file>")
    .description("copy a database, also of a running collector, to a file that logctl serve --db can start on")
    .addOption(databaseOption(context))
    .option("--verify", "read all of the copy, as logctl verify does")
    .action((file: string, flags: BackupFlags) => backup(file, flags, context));
}

async function backup(file: string, { verify, ...flags }: BackupFlags, context: CliContext): Promise<void> {
  const db = findDatabase(flags.db);
  const { stdout, stderr } = context;
  const { bytes, missing } = backUp(db, file);
  stdout.write(`copied ${db} to ${file}: ${bytes} bytes\n`);
  if (missing !== undefined) stderr.write(`logctl: ${missing}\n`);
  if (verify !== true) return;
  const verification = await verifyFile(file, context);
  stdout.write(verification.findings.map((finding) => `${describeFinding(finding)}\n`).join(""));
  await stdout.drain();
  if (verification.findings.length > 0) throw damaged(file, verification);
  stdout.write(`${file} is whole: ${describeContents(verification)}\n`);
}
