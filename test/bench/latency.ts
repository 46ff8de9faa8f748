import type { Expected } from "./expected.ts";
import type { Values } from "./measures.ts";
import { median } from "./median.ts";
import { NotAvailable } from "./not-available.ts";
import { type Asker, checkAnswer, expectedAnswers, QUESTION_NAMES, type QuestionName } from "./questions.ts";
import type { SystemName } from "./systems.ts";

export const WARMUPS = 2;
export const SAMPLES = 9;
/** A system that takes so long for its second answer is asked SLOW_SAMPLES times. */
const SLOW_MS = 2000;
export const SLOW_SAMPLES = 3;

/**
 * Median time in ms of each question, for each system that can be asked, from the question to the whole answer. Asks the
 * systems in turn, so that whatever else the machine does hits all alike, and holds every answer to what was sent.
 * `unavailable` is told of the questions a system knows nothing of.
 */
export async function measureLatencies(
  askers: readonly Asker[],
  expected: Expected,
  progress: (text: string) => void,
  unavailable: (system: SystemName, question: QuestionName, why: string) => void,
): Promise<Record<QuestionName, Values>> {
  const answers = expectedAnswers(expected);
  const latencies = Object.fromEntries(QUESTION_NAMES.map((name) => [name, {}])) as Record<QuestionName, Values>;
  for (const question of QUESTION_NAMES) {
    const asked = askers.flatMap(({ name, ask }) =>
      ask[question] ? [{ name, ask: ask[question], samples: [] as number[] }] : [],
    );
    if (asked.length === 0) continue;
    progress(`asking ${asked.map(({ name }) => name).join(", ")}: ${question}`);
    for (let round = 0; round < WARMUPS + SAMPLES; round += 1) {
      for (const system of [...asked]) {
        if (round >= WARMUPS + SLOW_SAMPLES && (system.samples[0] ?? 0) > SLOW_MS) continue;
        const startedAt = performance.now();
        try {
          checkAnswer(system.name, question, await system.ask(), answers[question]);
        } catch (error) {
          if (!(error instanceof NotAvailable)) throw error;
          unavailable(system.name, question, error.message);
          asked.splice(asked.indexOf(system), 1);
        }
        if (round >= WARMUPS) system.samples.push(performance.now() - startedAt);
      }
    }
    for (const { name, samples } of asked) latencies[question][name] = median(samples);
  }
  return latencies;
}
