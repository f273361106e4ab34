import { describe, expect, it } from 'vitest';

import { isDue, readReminder } from './reminder.ts';

const DAY_MS = 86_400_000;
const NOW = 1_700_000_000_000;

describe('the question about the card', () => {
  it('comes a day after the card was left for later, and once', () => {
    const first = readReminder(undefined, false, NOW);
    expect(isDue(first, NOW)).toBe(false);
    const later = readReminder(first, false, NOW + DAY_MS);
    expect(later).toEqual(first);
    expect(isDue(later, NOW + DAY_MS)).toBe(true);
    expect(isDue({ ...later, wasAnswered: true }, NOW + 100 * DAY_MS)).toBe(false);
  });

  it('comes a month after the card was checked, whatever was answered before', () => {
    const answered = { isCardChecked: false, sinceMs: NOW, wasAnswered: true };
    const checked = readReminder(answered, true, NOW + DAY_MS);
    expect(checked).toEqual({ isCardChecked: true, sinceMs: NOW + DAY_MS, wasAnswered: false });
    expect(isDue(checked, NOW + 30 * DAY_MS)).toBe(false);
    expect(isDue(checked, NOW + 31 * DAY_MS)).toBe(true);
  });

  it('begins anew with what cannot be read, and after a clock was set back', () => {
    const fresh = { isCardChecked: false, sinceMs: NOW, wasAnswered: false };
    const late = { ...fresh, sinceMs: NOW + DAY_MS };
    for (const stored of [null, 'x', {}, { isCardChecked: false, sinceMs: 'a' }, late]) {
      expect(readReminder(stored, false, NOW)).toEqual(fresh);
    }
  });
});
