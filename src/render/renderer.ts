import type { Paint } from "./text/colours.ts";

/** One way to write records. What a renderer gives back is to be written as it is, in order. */
export type Renderer = {
  /** `lines` are NDJSON records as the server sent them, without line ends. */
  render(lines: string[]): string;
  /** What is left to be written once there are no more records. */
  finish(): string;
};

export type RenderSettings = {
  /** True where a terminal reads the output and must not be driven by it. */
  terminal: boolean;
  /** The terminal's width; undefined where there is none. */
  columns: number | undefined;
  utc: boolean;
  /** True where records are to be seen as they come: nothing waits for those that follow. */
  live?: boolean;
  paint: Paint;
};
