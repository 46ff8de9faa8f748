import { SEVERITIES } from "../../../schema/severity.ts";
import type { BlockReader } from "../block/block-reader.ts";

/** How many rows of a block there are of each service and severity: at `service * SEVERITIES.length + severity`. */
export function countServicesAndSeverities(block: BlockReader): Uint32Array {
  if (block.dense !== undefined) return block.dense.counts();
  const counts = new Uint32Array(block.meta.services.length * SEVERITIES.length);
  const services = block.column("service");
  const severities = block.column("severity");
  for (let row = 0; row < severities.length; row += 1) {
    const at = (services[row] as number) * SEVERITIES.length + (severities[row] as number);
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}
