/** What is asked of the text of one value. */
export type ValueTest = { relation: "equals" | "contains" | "startsWith" | "endsWith"; text: string };

/** Whether the test holds of a value. */
export function holds({ relation, text }: ValueTest, value: string): boolean {
  switch (relation) {
    case "equals":
      return value === text;
    case "contains":
      return value.includes(text);
    case "startsWith":
      return value.startsWith(text);
    case "endsWith":
      return value.endsWith(text);
  }
}
