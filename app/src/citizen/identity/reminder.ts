/**
 * Question about the recovery card that the app asks once more, some time after the card was made
 * or left for later. The clock of the device is good enough for it.
 */

const DAY_MS = 86_400_000;
/** Time after which somebody without a checked card is asked. */
const MISSING_AFTER_MS = DAY_MS;
/** Time after which somebody with a checked card is asked whether it is still there. */
const CHECKED_AFTER_MS = 30 * DAY_MS;

/** Reminder as it is stored. */
export interface CardReminder {
  isCardChecked: boolean;
  /** Time at which the card was first seen in this state, milliseconds since the Unix epoch. */
  sinceMs: number;
  wasAnswered: boolean;
}

/** Reads what was stored, and begins anew where the card is in another state now. */
export function readReminder(
  stored: unknown,
  isCardChecked: boolean,
  nowMs: number,
): CardReminder {
  const record = (stored ?? {}) as Partial<CardReminder>;
  const { sinceMs, wasAnswered } = record;
  const isOfIt =
    record.isCardChecked === isCardChecked &&
    typeof wasAnswered === 'boolean' &&
    Number.isFinite(sinceMs) &&
    // A clock that was set back has the person asked later and not never.
    (sinceMs ?? 0) <= nowMs;
  return isOfIt ? (record as CardReminder) : { isCardChecked, sinceMs: nowMs, wasAnswered: false };
}

/** Returns whether the person is to be asked now. */
export function isDue({ isCardChecked, sinceMs, wasAnswered }: CardReminder, nowMs: number): boolean {
  const after = isCardChecked ? CHECKED_AFTER_MS : MISSING_AFTER_MS;
  return !wasAnswered && nowMs - sinceMs >= after;
}
