import { render } from 'svelte/server';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { LANGUAGES } from '../messages/languages.ts';
import { t, useLanguage } from '../messages/current.svelte.ts';
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
