import type { Dialect } from "./dialect.ts";
import { JSON_DIALECT } from "./json/json-dialect.ts";

/** Every format that is understood. */
export const DIALECTS: readonly Dialect[] = [JSON_DIALECT];
