import { describe, expect, it } from 'vitest';

import { epochsOfMonth, MOST_GRAINS } from './month.ts';

const DAY_SECS = 86_400;
/** Seconds of a local time; months count from 0. */
const secsOf = (year: number, month: number, day: number, hour = 0) =>
  new Date(year, month, day, hour).getTime() / 1_000;
const calendar = (genesis: number, epochLengthSecs: number) => ({
  genesis,
  epochLengthSecs,
  claimWindowEpochs: 4,
});

describe('the epochs of a month', () => {
  it('are as many as its days where an epoch is a day, whenever in the month one looks', () => {
    const daily = calendar(secsOf(2026, 0, 1, 3), DAY_SECS);
    const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days.forEach((count, month) => {
      const looks = [secsOf(2026, month, 1, 12), secsOf(2026, month, count, 12)];
      const [early, late] = looks.map((it) => epochsOfMonth(daily, it));
      expect(early?.epochs, `month ${month}`).toHaveLength(count);
      expect(late?.epochs).toEqual(early?.epochs);
      expect(early?.isWhole).toBe(true);
    });
    const march = epochsOfMonth(daily, secsOf(2026, 2, 9));
    expect(march?.epochs[0]).toBe(31 + 28);
  });

  it('follow the chain, and begin with genesis', () => {
    const daily = calendar(secsOf(2026, 10, 21), DAY_SECS);
    expect(epochsOfMonth(daily, secsOf(2026, 10, 20))).toBeUndefined();
    expect(epochsOfMonth(daily, secsOf(2026, 10, 25))?.epochs).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it('are the weeks that begin in it, and one epoch where none begins', () => {
    const weekly = calendar(secsOf(2026, 5, 1), 7 * DAY_SECS);
    expect(epochsOfMonth(weekly, secsOf(2026, 5, 10))?.epochs).toEqual([0, 1, 2, 3, 4]);
    const quarterly = calendar(secsOf(2026, 5, 1), 90 * DAY_SECS);
    expect(epochsOfMonth(quarterly, secsOf(2026, 6, 20))?.epochs).toEqual([0]);
  });

  it('are the latest where there are more than grains, and say so', () => {
    const hourly = calendar(secsOf(2026, 5, 1), 3_600);
    const month = epochsOfMonth(hourly, secsOf(2026, 5, 10));
    expect(month).toMatchObject({ isWhole: false });
    expect(month?.epochs).toHaveLength(MOST_GRAINS);
    expect(month?.epochs.at(-1)).toBe(9 * 24);
    expect(epochsOfMonth(hourly, secsOf(2026, 5, 1, 2))?.epochs).toEqual([0, 1, 2]);
  });
});
