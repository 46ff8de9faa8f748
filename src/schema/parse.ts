import type { z } from "zod";
import { type ErrorCode, LogctlError } from "../errors.ts";

/** `value` as `schema` has it, or a LogctlError of `code` that names the first field at fault. The one way in which zod's errors become ours. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, code: ErrorCode): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  // A place in a list says little: the name of the list is what a person gave.
  const field = issue?.path.filter((part) => typeof part === "string").join(".");
  const message = issue?.message ?? "not valid";
  throw new LogctlError(code, field ? `${field}: ${message}` : message, field ? { field } : {});
}
