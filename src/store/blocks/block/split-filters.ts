import { createByteReader } from "../bytes/byte-reader.ts";
import { bloomOfPage } from "../index/bloom.ts";
import type { DenseBlock, DenseBlooms } from "./block-reader.ts";

/** Reads the part of the words' filters. */
export function splitBlooms(bytes: Uint8Array): DenseBlooms {
  const { templated, messages, attributes } = splitFilters(bytes, 1);
  return { templated: templated[0] as Uint8Array, messages, attributes };
}

/** Reads the part of the grams' filters. */
export function splitGrams(bytes: Uint8Array): ReturnType<DenseBlock["grams"]> {
  const { templated, messages, attributes } = splitFilters(bytes, 2);
  return {
    messages: { templated: templated[0] as Uint8Array, pages: messages },
    attributes: { templated: templated[1] as Uint8Array, pages: attributes },
  };
}

/** The filters of a part: first those of texts that are taken apart, then one for each page of messages and of attributes. */
function splitFilters(bytes: Uint8Array, templated: number) {
  const reader = createByteReader(bytes);
  const attributesFrom = templated + reader.varint();
  const total = attributesFrom + reader.varint();
  const filters = reader.rest();
  const all = Array.from({ length: total }, (_, index) => bloomOfPage(filters, total, index));
  return {
    templated: all.slice(0, templated),
    messages: all.slice(templated, attributesFrom),
    attributes: all.slice(attributesFrom),
  };
}
