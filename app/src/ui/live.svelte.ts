let spoken = $state('');

/** Has a screen reader say a sentence without moving the focus. */
export function announce(text: string): void {
  spoken = text;
}

/** Returns the sentence that was announced last. */
export function announced(): string {
  return spoken;
}
