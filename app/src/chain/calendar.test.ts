import { describe, expect, it } from 'vitest';

import {
  calendarOf,
  claimability,
  epochAt,
  oldestClaimable,
  startOf,
  windowEnd,
  type ClaimCalendar,
} from './calendar.ts';

// The calendar and the values of the tests in crates/core/src/epoch.rs.
const CALENDAR: ClaimCalendar = { genesis: 1_000, epochLengthSecs: 100, claimWindowEpochs: 4 };

describe('the calendar', () => {
  it('begins an epoch with its first second', () => {
    expect(epochAt(CALENDAR, 1_000)).toBe(0);
    expect(epochAt(CALENDAR, 1_099)).toBe(0);
    expect(epochAt(CALENDAR, 1_100)).toBe(1);
    expect(startOf(CALENDAR, 1)).toBe(1_100);
    expect(epochAt(CALENDAR, 999)).toBeUndefined();
  });

  it('includes the first epoch of the window and excludes the one after its last', () => {
    const at = (epoch: number, now: number) => claimability(CALENDAR, epoch, now);
    expect(at(1, 1_100)).toEqual({ kind: 'claimable' });
    expect(at(1, 1_499)).toEqual({ kind: 'claimable' });
    expect(at(1, 1_500)).toEqual({ kind: 'window-over', current: 5 });
    expect(at(2, 1_150)).toEqual({ kind: 'not-begun', secondsLeft: 50 });
    expect(at(0, 900)).toEqual({ kind: 'before-genesis', secondsLeft: 100 });
    expect(windowEnd(CALENDAR, 1)).toBe(1_500);
    expect(oldestClaimable(CALENDAR, 4)).toBe(1);
    expect(oldestClaimable(CALENDAR, 2)).toBe(0);
  });

  it('is made of counts, with a length and a window', () => {
    expect(calendarOf(CALENDAR)).toEqual(CALENDAR);
    expect(calendarOf({ ...CALENDAR, epochLengthSecs: 0 })).toBeUndefined();
    expect(calendarOf({ ...CALENDAR, claimWindowEpochs: 0 })).toBeUndefined();
    expect(calendarOf({ ...CALENDAR, genesis: 0.5 })).toBeUndefined();
    expect(calendarOf({ ...CALENDAR, genesis: 2 ** 60 })).toBeUndefined();
  });
});
