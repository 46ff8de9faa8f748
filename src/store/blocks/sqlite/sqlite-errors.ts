/** Whether SQLite says that the file itself is damaged; it is also where it ends before a page that is in use. */
export function isCorruption(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== undefined && (code.startsWith("SQLITE_CORRUPT") || DAMAGE.includes(code));
}

export const DAMAGE = ["SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ"];
