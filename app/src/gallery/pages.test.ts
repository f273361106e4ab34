import { render } from 'svelte/server';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { epochsOfMonth, MOST_GRAINS } from '../citizen/claim/month.ts';
import { LANGUAGES } from '../messages/languages.ts';
import { t, useLanguage } from '../messages/current.svelte.ts';
import { CALENDAR, CHAIN_SECS, EPOCH } from './examples.ts';
import { stateOf } from './states.ts';

/** Renders a state of the gallery in the current language. Details are in it, opened or not. */
function htmlOf(name: string): string {
  const state = stateOf(name);
  if (!state) throw new Error(`the gallery has no state ${name}`);
  return render(state.component, { props: state.props }).body;
}

/** Does something in each language, and leaves the app in English. */
async function inEachLanguage(look: (language: string) => void): Promise<void> {
  for (const { code } of LANGUAGES) {
    await useLanguage(code);
    look(code);
  }
  await useLanguage('en');
}

beforeAll(async () => {
  vi.stubGlobal('document', { documentElement: {} });
  await useLanguage('en');
});

describe('the first page', () => {
  it('says what Annona is in three sentences, in each language', async () => {
    await inEachLanguage((language) => {
      const points = [t('welcome.income'), t('welcome.joining'), t('welcome.secret')];
      for (const point of points) {
        expect(point, language).toMatch(/^[^.!?؟]+[.!?؟]$/);
        expect(htmlOf('welcome')).toContain(point);
      }
    });
  });
});

describe('the cost of a lost phone', () => {
  it('is told by help and by the page of recovery in the same words', async () => {
    await inEachLanguage((language) => {
      for (const page of ['help', 'visit-recovery']) {
        expect(htmlOf(page), `${page} ${language}`).toContain(t('recovery.costs-text'));
      }
    });
  });
});

describe('the ear of wheat', () => {
  /** Counts the grains of the picture with a label. */
  function grainsOf(name: string) {
    const [ear = ''] = htmlOf(name).match(/<svg[^>]*role="img".*?<\/svg>/s) ?? [];
    const grains = ear.match(/<ellipse[^>]*>/g) ?? [];
    const isFilled = grains.map((grain) => /class="[^"]*\bfilled\b/.test(grain));
    return { count: grains.length, filled: isFilled.flatMap((it, place) => (it ? [place] : [])), ear };
  }

  it('has a grain for each payment of the month, and fills those that are paid', () => {
    const { count, filled, ear } = grainsOf('claim-nothing-open');
    const date = new Date(1_000 * CHAIN_SECS);
    expect(count).toBe(new Date(date.getFullYear(), date.getMonth() + 1, 0).getDate());
    const first = epochsOfMonth(CALENDAR, CHAIN_SECS)?.epochs[0] ?? 0;
    expect(filled).toEqual([EPOCH - 3 - first, EPOCH - 1 - first]);
    expect(ear).toContain(t('claim.ear', { date, done: 2, total: count }));
    expect(grainsOf('joined')).toMatchObject({ count, filled: [] });
  });

  it('keeps to the month of the last request while nobody tells the time', () => {
    expect(grainsOf('claim-offline').count).toBe(grainsOf('claim-nothing-open').count);
  });

  it('has as many grains as fit where epochs are short, and calls them the last', () => {
    const { count, ear } = grainsOf('joined-short-epochs');
    expect(count).toBe(MOST_GRAINS);
    expect(ear).toContain(t('claim.ear-last', { done: 0, total: count }));
  });
});
