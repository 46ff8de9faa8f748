import type { TallyPlan } from "../../stats-plan.ts";
import { createFieldsTally } from "./fields-tally.ts";
import { createStatsTally } from "./stats-tally.ts";
import type { Tally } from "./tally.ts";

export function createTally(plan: TallyPlan): Tally {
  return plan.kind === "stats" ? createStatsTally(plan) : createFieldsTally();
}
