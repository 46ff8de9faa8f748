declare module "*.md" {
  const text: string;
  // The text of a file has no name of its own.
  // biome-ignore lint/style/noDefaultExport: Bun gives a text that is imported as the default.
  export default text;
}
