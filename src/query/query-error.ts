import { LogctlError } from "../errors.ts";

/** What is wrong with a query at the place `index`, which people count from 1. `name` is what holds it: a parameter or a flag. */
export function queryError(index: number, problem: string, name = "q"): LogctlError {
  return new LogctlError("invalid_query", `${name} at ${index + 1}: ${problem}`, { field: name });
}
