/**
 * Isolates an address or a hash within a sentence: it is written from left to right in every
 * language, its signs included (Unicode Standard Annex 9, LRI and PDI). Lines break between its
 * parts where they have to.
 */
export function latin(text: string): string {
  return `\u2066${piecesOf(text).join('\u200b')}\u2069`;
}

/** Sign at which a text is taken apart; no text holds it. */
const CUT = '\0';
/** Digits in a row from which a number is taken apart: no word or date has as many. */
const LONG_RUN = /\d{7,}/g;

/**
 * Splits an address or a number where a line may break: after slashes, dots, commas and colons, and
 * between three digits of many. The pieces joined are the text again.
 */
export function piecesOf(text: string): readonly string[] {
  return text
    .replace(LONG_RUN, (run) => run.replace(/\d{3}(?=\d)/g, `$&${CUT}`))
    .replace(/\/+|[.,:]/g, (sign, at: number, all: string) =>
      mayBreak(all.slice(0, at), sign, all.slice(at + sign.length)) ? sign + CUT : sign,
    )
    .split(CUT);
}

/** Returns whether a line may break after a sign: in a number, only between groups of three. */
function mayBreak(before: string, sign: string, after: string): boolean {
  if (after === '' || /^[\s/,.:\0]/.test(after)) return false;
  const isInNumber = /\d$/.test(before) && /^[.,]$/.test(sign) && /^\d/.test(after);
  return !isInNumber || /^\d{3}(?![\d\0])/.test(after);
}
