/**
 * Epochs by the chain's clock, with the rules of `crates/core/src/epoch.rs` (EPOCH-1, EPOCH-4).
 * Times are seconds since the Unix epoch, from the timestamps of blocks and from no other clock.
 */

/** Calendar of a deployment. */
export interface ClaimCalendar {
  /** First second of epoch 0. */
  genesis: number;
  epochLengthSecs: number;
  /** Epochs for which an epoch stays claimable, its own included. */
  claimWindowEpochs: number;
}

/** Standing of an epoch at a time. */
export type Claimability =
  | { kind: 'claimable' }
  | { kind: 'not-begun'; secondsLeft: number }
  | { kind: 'window-over'; current: number }
  | { kind: 'before-genesis'; secondsLeft: number };

/** Makes a calendar of values that were read, or nothing of values that make none. */
export function calendarOf(values: ClaimCalendar): ClaimCalendar | undefined {
  const { genesis, epochLengthSecs, claimWindowEpochs } = values;
  const areCounts = [genesis, epochLengthSecs, claimWindowEpochs].every(
    (value) => Number.isSafeInteger(value) && value >= 0,
  );
  return areCounts && epochLengthSecs > 0 && claimWindowEpochs > 0
    ? { genesis, epochLengthSecs, claimWindowEpochs }
    : undefined;
}

/** Returns whether two calendars are the same. */
export function isSameCalendar(one: ClaimCalendar, other: ClaimCalendar): boolean {
  return (
    one.genesis === other.genesis &&
    one.epochLengthSecs === other.epochLengthSecs &&
    one.claimWindowEpochs === other.claimWindowEpochs
  );
}

/** Returns the epoch of a time, or nothing before genesis. */
export function epochAt(calendar: ClaimCalendar, time: number): number | undefined {
  const elapsed = time - calendar.genesis;
  return elapsed < 0 ? undefined : Math.floor(elapsed / calendar.epochLengthSecs);
}

/** Returns the first second of an epoch. */
export function startOf(calendar: ClaimCalendar, epoch: number): number {
  return calendar.genesis + epoch * calendar.epochLengthSecs;
}

/** Says whether an epoch can be claimed: `epoch <= current < epoch + window`. */
export function claimability(calendar: ClaimCalendar, epoch: number, now: number): Claimability {
  const current = epochAt(calendar, now);
  if (current === undefined) {
    return { kind: 'before-genesis', secondsLeft: calendar.genesis - now };
  }
  if (epoch > current) {
    return { kind: 'not-begun', secondsLeft: startOf(calendar, epoch) - now };
  }
  return current - epoch >= calendar.claimWindowEpochs
    ? { kind: 'window-over', current }
    : { kind: 'claimable' };
}

/** Returns the first second in which an epoch is not claimable any longer. */
export function windowEnd(calendar: ClaimCalendar, epoch: number): number {
  return startOf(calendar, epoch + calendar.claimWindowEpochs);
}

/** Returns the oldest epoch that is claimable during an epoch. */
export function oldestClaimable(calendar: ClaimCalendar, current: number): number {
  return Math.max(0, current + 1 - calendar.claimWindowEpochs);
}
