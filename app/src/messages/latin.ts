/**
 * Isolates an address or a hash within a sentence: it is written from left to right in every
 * language, its signs included (Unicode Standard Annex 9, LRI and PDI).
 */
export function latin(text: string): string {
  return `\u2066${text}\u2069`;
}
