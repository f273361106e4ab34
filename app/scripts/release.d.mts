/** Seals the files of a folder, and returns the fingerprint of their list. */
export function seal(folder: string): string;
