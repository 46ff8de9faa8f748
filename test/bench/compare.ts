import type { BenchResult } from "./bench-result.ts";
import { MEASURES, type Measure, type MeasureName, type Target, type Values } from "./measures.ts";

/** A measure with what was measured; `ratio` and `met` are absent where what they are of was not measured. */
export type Line = Measure & { name: MeasureName; values: Values; ratio?: number; met?: boolean };

/** The result as the lines of the table: the ratio of logctl to the system of the measure, and whether the target is met. */
export function compare({ values, gaps }: Pick<BenchResult, "values" | "gaps">): Line[] {
  return (Object.keys(MEASURES) as MeasureName[]).flatMap((name) => {
    const measured = values[name] ?? {};
    if (Object.keys(measured).length === 0 && !gaps.some(({ measure }) => measure === name)) return [];
    const measure: Measure = MEASURES[name];
    const reference = measure.against && measured[measure.against];
    const ratio = measured.logctl !== undefined && reference !== undefined ? measured.logctl / reference : undefined;
    const met = measure.target && meetsTarget(measure.target, measured.logctl, ratio);
    return [{ name, ...measure, values: measured, ...(ratio !== undefined && { ratio }), ...(met !== undefined && { met }) }];
  });
}

function meetsTarget({ of, is, bound }: Target, value: number | undefined, ratio: number | undefined): boolean | undefined {
  const measured = of === "ratio" ? ratio : value;
  if (measured === undefined) return undefined;
  return is === "at least" ? measured >= bound : measured <= bound;
}
