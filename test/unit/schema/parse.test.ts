import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { LogctlError } from "../../../src/errors.ts";
import { parse } from "../../../src/schema/parse.ts";

const schema = z.object({ name: z.string("must be text"), list: z.array(z.int("must be whole")).default([]) });

function failureOf(value: unknown): LogctlError {
  try {
    parse(schema, value, "invalid_parameter");
  } catch (error) {
    return error as LogctlError;
  }
  throw new Error("it was accepted");
}

describe("parse", () => {
  test("gives what the schema makes of a value", () => {
    expect(parse(schema, { name: "x", other: 1 }, "usage")).toEqual({ name: "x", list: [] });
  });

  test("names the first field at fault, without the place in a list", () => {
    expect(failureOf({ name: 1 })).toMatchObject({ code: "invalid_parameter", field: "name", message: "name: must be text" });
    expect(failureOf({ name: "x", list: [1, 1.5] })).toMatchObject({ field: "list", message: "list: must be whole" });
  });

  test("names no field where the whole is at fault", () => {
    expect(failureOf(7).field).toBeUndefined();
    expect(failureOf(7)).toBeInstanceOf(LogctlError);
  });
});
