import type { SimulatedRecord } from "./generator.ts";

export type SimulationOptions = {
  /** How many requests; 0 for no end. */
  requests: number;
  recordsPerRequest: number;
  /** One a request, in turn; undefined leaves it to the token. */
  services: readonly (string | undefined)[];
  generate: (service: string | undefined) => SimulatedRecord;
  /** Sends one request's records, each a JSON text; resolves once they are answered. */
  deliver: (service: string | undefined, records: readonly string[]) => Promise<void>;
  /** Resolves when it is time for the next request. */
  pace: () => Promise<void>;
  signal: AbortSignal;
};

/** Sends made-up records, request by request, and resolves when all are answered or the signal is aborted; fails as `deliver` does. */
export async function runSimulation(options: SimulationOptions): Promise<void> {
  const { requests, recordsPerRequest, services, generate, deliver, pace, signal } = options;
  for (let request = 0; (requests === 0 || request < requests) && !signal.aborted; request += 1) {
    if (request > 0) await pace();
    if (signal.aborted) return;
    const service = services[request % services.length];
    const records = Array.from({ length: recordsPerRequest }, () => JSON.stringify(generate(service)));
    await deliver(service, records);
  }
}
