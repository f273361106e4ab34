// Inspection of a page for faults of its layout, and a test of the inspection itself.

import { readFileSync } from 'node:fs';

import { FAULTY_PAGES, SOUND_PAGES } from './faulty-pages.mjs';

const inspection = readFileSync(new URL('inspection.js', import.meta.url), 'utf8');

/** Returns a sentence for each fault of the page as it is shown now. */
export async function faultsOf(page) {
  // Not through a script element: the policy of the page refuses it, as it should.
  return page.evaluate(inspection);
}

/** Returns a sentence for each example that the inspection judges wrongly. */
export async function faultsOfInspection(browser) {
  const page = await browser.newPage({ viewport: { width: 320, height: 640 } });
  const found = [];
  for (const [html, sentence] of FAULTY_PAGES) {
    await page.setContent(html);
    const faults = await faultsOf(page);
    if (!faults.some((it) => it.includes(sentence))) {
      found.push(`the inspection does not find "${sentence}", but: ${faults.join('; ')}`);
    }
  }
  for (const html of SOUND_PAGES) {
    await page.setContent(html);
    const faults = await faultsOf(page);
    if (faults.length > 0) found.push(`the inspection finds a fault where none is: ${faults.join('; ')}`);
  }
  await page.close();
  return found;
}

/** Returns the parts of the page that its styles move, each in a few words. */
export async function movingParts(page) {
  return page.evaluate(() => {
    const secs = (text) => Math.max(...text.split(',').map((it) => Number.parseFloat(it) || 0));
    const moves = ({ animationName, transitionDuration }) =>
      !['', 'none'].includes(animationName) || secs(transitionDuration) > 0;
    const parts = [...document.querySelectorAll('*')].flatMap((element) =>
      [undefined, '::before', '::after', '::marker']
        .filter((pseudo) => moves(getComputedStyle(element, pseudo)))
        .map((pseudo = '') => `${element.localName}.${element.className}${pseudo}`),
    );
    // The computed style of the browser's own parts is not to be had: their rules are.
    const rulesIn = (rules) =>
      [...rules].flatMap((rule) => {
        if (rule instanceof CSSMediaRule && !matchMedia(rule.media.mediaText).matches) return [];
        return [rule, ...rulesIn(rule.cssRules ?? [])];
      });
    const isThere = (selector) => document.querySelector(selector.replace(/::-[\w-]+/g, '')) !== null;
    const own = rulesIn([...document.styleSheets].flatMap(({ cssRules }) => [...cssRules]))
      .filter(({ selectorText = '' }) => selectorText.includes('::-') && isThere(selectorText))
      .filter(({ style }) => [style.transition, style.animation].some((it) => !['', 'none'].includes(it)))
      .map(({ selectorText }) => selectorText);
    return [...parts, ...own];
  });
}
