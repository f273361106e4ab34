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
