/** Less is not worth it, and may be part of memory that is shared. */
const MIN_BYTES = 16 * 1024;

/**
 * Gives the memory of bytes back at once, so that the next who ask for as much have it again: to wait for the collector of
 * garbage costs more, in memory and in time, than most of what is done with them. Nobody may use them any more.
 */
export function freeBytes(bytes: ArrayBufferView): void {
  // First of all: to ask a small array for its buffer has the engine make one.
  if (bytes.byteLength < MIN_BYTES) return;
  const { buffer } = bytes;
  if (bytes.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
