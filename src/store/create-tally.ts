import { createFieldsTally } from "./blocks/tally/fields-tally.ts";
import { createStatsTally } from "./blocks/tally/stats-tally.ts";
import type { Tally } from "./blocks/tally/tally.ts";
import type { TallyPlan } from "./stats-plan.ts";

export function createTally(plan: TallyPlan): Tally {
  return plan.kind === "stats" ? createStatsTally(plan) : createFieldsTally();
}
