import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { argumentsOf } from '../../scripts/messages.mjs';
import { Catalogue, type MessageKey, type Texts } from './catalogue.ts';
import { chooseLanguage, LANGUAGES } from './languages.ts';

function texts(language: string): Texts {
  return JSON.parse(readFileSync(new URL(`${language}.json`, import.meta.url), 'utf8'));
}

/** Example of each kind of argument, by the parser's number for it. */
const EXAMPLES = { 1: 'text', 2: 3, 3: new Date(0), 4: new Date(0), 6: 3 } as const;

describe('the texts', () => {
  it('are written out in each language, with every argument', () => {
    for (const { code } of LANGUAGES) {
      const catalogue = new Catalogue(code, texts(code));
      for (const [key, text] of Object.entries(texts(code))) {
        const values = Object.fromEntries(
          [...argumentsOf(text)].map(([name, kind]) => [name, EXAMPLES[kind as 1] ?? '']),
        );
        expect(catalogue.format(key as MessageKey, values), `${code} ${key}`).not.toMatch(/[{}]/);
      }
    }
  });

  it('write numbers in Latin digits in Arabic', () => {
    const arabic = new Catalogue('ar', texts('ar'));
    expect(arabic.format('progress.count', { done: 2, total: 3 })).toContain('2');
  });

  it('keep a day with its month, and a time, in one line', () => {
    const date = new Date('2023-12-04T20:13:20Z');
    for (const [code, day] of [
      ['en', '4\u00a0December 2023'],
      ['es', '4\u00a0de diciembre de 2023'],
      ['sw', '4\u00a0Desemba 2023'],
      ['ar', '4\u00a0ديسمبر 2023'],
    ] as const) {
      expect(new Catalogue(code, texts(code)).format('claim.of', { date })).toContain(day);
    }
    const arabic = new Catalogue('ar', texts('ar')).format('claim.until', { date });
    expect(arabic).toMatch(/\d:\d\d\u00a0[صم]/);
  });

  it('follow the languages that the browser asks for', () => {
    expect(chooseLanguage(['fr-FR', 'sw-KE', 'en'])).toBe('sw');
    expect(chooseLanguage(['AR-eg'])).toBe('ar');
    expect(chooseLanguage(['fr'])).toBe('en');
    expect(chooseLanguage([])).toBe('en');
  });
});
