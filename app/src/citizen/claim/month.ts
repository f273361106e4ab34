/** Epochs that the ear of wheat shows: those of the month of the chain's time. */

import { epochAt, startOf, type ClaimCalendar } from '../../chain/calendar.ts';

/** Most grains of an ear: the days of the longest month, and one more where clocks are put back. */
export const MOST_GRAINS = 32;

/** Epochs of an ear, the oldest first. */
export interface EpochsOfMonth {
  epochs: readonly number[];
  /** Time within the month, Unix seconds. */
  at: number;
  /** False where the month has more epochs than an ear has grains: then they are the latest. */
  isWhole: boolean;
}

/**
 * Returns the epochs that begin in the month of a time of the chain, in local time, as the dates of
 * payments are shown. Where none begins, it is the epoch of that time; before genesis there is none.
 */
export function epochsOfMonth(calendar: ClaimCalendar, chainSecs: number): EpochsOfMonth | undefined {
  const current = epochAt(calendar, chainSecs);
  if (current === undefined) return undefined;
  const date = new Date(1_000 * chainSecs);
  const first = firstSince(calendar, monthStart(date, 0));
  const last = firstSince(calendar, monthStart(date, 1)) - 1;
  if (last < first) return { epochs: [current], at: chainSecs, isWhole: true };
  const isWhole = last - first < MOST_GRAINS;
  return {
    epochs: isWhole ? range(first, last) : range(Math.max(0, current - MOST_GRAINS + 1), current),
    at: chainSecs,
    isWhole,
  };
}

/** Returns the first second of a date's month, or of a later one. */
function monthStart(date: Date, later: number): number {
  return new Date(date.getFullYear(), date.getMonth() + later, 1).getTime() / 1_000;
}

/** Returns the first epoch that begins at a time or after it. */
function firstSince(calendar: ClaimCalendar, time: number): number {
  return Math.max(0, Math.ceil((time - startOf(calendar, 0)) / calendar.epochLengthSecs));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
