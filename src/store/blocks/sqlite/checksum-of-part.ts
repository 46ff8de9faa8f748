/** What is summed up beside the bytes themselves: where they belong, so that bytes in another's place are found out too. */
const place = new Float64Array(1);

const placeBytes = new Uint8Array(place.buffer);

/** The CRC-32 of a part and of its key. It is stored: what goes into it never changes. */
export function checksumOfPart(key: number, data: Uint8Array): number {
  place[0] = key;
  return Bun.hash.crc32(data as Uint8Array<ArrayBuffer>, Bun.hash.crc32(placeBytes));
}
