import { createReadStream, statSync } from "node:fs";
import { constants, createZstdCompress } from "node:zlib";
import { countLines } from "./count-lines.ts";

/** Level 19 takes minutes for a gigabyte, so that only so much of a larger file is compressed. */
const SAMPLE_BYTES = 200_000_000;

export type Yardstick = { bytesPerRecord: number; sampleBytes: number; ofBytes: number };

/** What `zstd -19 --long=27` makes of the file, or of its beginning, a record. */
export async function compressWithZstd(path: string, full: boolean, sampleBytes = SAMPLE_BYTES): Promise<Yardstick> {
  const ofBytes = statSync(path).size;
  const end = full ? ofBytes : Math.min(sampleBytes, ofBytes);
  const params = {
    [constants.ZSTD_c_compressionLevel]: 19,
    [constants.ZSTD_c_enableLongDistanceMatching]: 1,
    [constants.ZSTD_c_windowLog]: 27,
  };
  let records = 0;
  const file = createReadStream(path, { end: end - 1, highWaterMark: 1 << 20 });
  file.on("data", (chunk) => {
    records += countLines(chunk as Uint8Array);
  });
  let bytes = 0;
  for await (const chunk of file.pipe(createZstdCompress({ params, pledgedSrcSize: end }))) bytes += chunk.length;
  return { bytesPerRecord: bytes / records, sampleBytes: end, ofBytes };
}
