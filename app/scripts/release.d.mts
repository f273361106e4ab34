/** Seals the files of a folder, and returns the fingerprint of their list. */
export function seal(folder: string): string;

/** Compares every file of an app with its list. Returns the fingerprint and the wrong files. */
export function inspect(
  place: string,
): Promise<{ fingerprint: string; count: number; wrong: string[] }>;
