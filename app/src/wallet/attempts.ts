/** Wrong PINs in a row, and the time before which no PIN is looked at. */
export interface Attempts {
  failed: number;
  /** Milliseconds of the device's clock. */
  notBeforeMs: number;
}

/** Seconds to wait after the first, second, ... wrong PIN in a row; the last counts on. */
const WAITS_SECS = [0, 0, 0, 30, 60, 300, 900, 3_600] as const;
const LONGEST_WAIT_MS = 1_000 * WAITS_SECS[WAITS_SECS.length - 1]!;

export const NO_ATTEMPTS: Attempts = { failed: 0, notBeforeMs: 0 };

/** Returns the attempts after one more wrong PIN. */
export function afterWrongPin({ failed }: Attempts, nowMs: number): Attempts {
  const waitSecs = WAITS_SECS[Math.min(failed, WAITS_SECS.length - 1)]!;
  return { failed: failed + 1, notBeforeMs: nowMs + 1_000 * waitSecs };
}

/** Limits a wait that a clock, set back meanwhile, would make longer than the longest. */
export function withinLongestWait(attempts: Attempts, nowMs: number): Attempts {
  return { ...attempts, notBeforeMs: Math.min(attempts.notBeforeMs, nowMs + LONGEST_WAIT_MS) };
}

/** Returns the seconds that are left to wait, rounded up. */
export function waitSecs({ notBeforeMs }: Attempts, nowMs: number): number {
  return Math.ceil(Math.max(0, notBeforeMs - nowMs) / 1_000);
}
