import type { Readable, Writable } from "node:stream";
import { type CANCEL_SYMBOL, isCancel, select, text } from "@clack/prompts";
import { LogctlError } from "../../errors.ts";
import { DEMO_SERVICES } from "../../schema/demo-tokens.ts";
import { SEVERITIES, type Severity } from "../../schema/severity.ts";

export type Questions = {
  /** Whether to ask which of the demo services it is; the others need a token, which says so. */
  service: boolean;
  /** Whether to ask for it; the message always is. */
  severity: boolean;
  signal: AbortSignal;
  /** Where to ask; the terminal when left out. */
  input?: Readable;
  output?: Writable;
};

/** What a person answered. */
export type Answers = { service?: string; severity?: Severity; message: string };

/** Asks on a terminal for what makes a log. Throws `interrupted` where a question is cancelled (Ctrl-C or Esc). */
export async function askForRecord({ service, severity, ...terminal }: Questions): Promise<Answers> {
  const answers: Omit<Answers, "message"> = {};
  if (service) answers.service = requireAnswer(await select<string>({ ...terminal, ...SERVICE_QUESTION }));
  if (severity) answers.severity = requireAnswer(await select<Severity>({ ...terminal, ...SEVERITY_QUESTION }));
  return { ...answers, message: requireAnswer(await text({ ...terminal, ...MESSAGE_QUESTION })) };
}

const SERVICE_QUESTION = {
  message: "Which service writes?",
  options: DEMO_SERVICES.map((value) => ({ value, label: value })),
};

const SEVERITY_QUESTION = {
  message: "How severe is it?",
  options: SEVERITIES.map((value) => ({ value, label: value })),
  initialValue: "INFO" as Severity,
};

const MESSAGE_QUESTION = {
  message: "What happened?",
  validate: (given: string | undefined) => ((given ?? "").trim() === "" ? "a log needs a message" : undefined),
};

function requireAnswer<Answer>(answer: Answer | typeof CANCEL_SYMBOL): Answer {
  if (isCancel(answer)) throw new LogctlError("interrupted", "interrupted");
  return answer;
}
