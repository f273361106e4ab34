// Opens every state of the gallery in Chromium, in each language and theme, at the sizes of small
// phones and of a tablet; in dark at the first size, since themes differ in colour alone. Takes a
// screenshot of each (.gallery/shots), and fails on a violation that axe-core finds, on a fault of
// the layout (`inspection.js`), on motion for somebody who asked for less of it, on an error in the
// page, and on a request to another host. What is one tap deeper is opened and looked at as well.
// Words after the command choose states by the beginning of their names. With `--quick` each state
// is opened once: languages, themes and sizes take turns, and screenshots are of faults only.
// `--look=ar-light-320` (may be repeated) opens the states in that look only, and
// `--sheets` puts the screenshots of each look side by side in few pictures (.gallery/sheets);
// `--open` takes the screenshots with all evidence and details opened;
// `--readme` writes the picture of the repository's README.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build, preview } from 'vite';

import { startBrowser, watch } from './browser.mjs';
import { faultsOf, faultsOfInspection, movingParts } from './inspect.mjs';
import { writeRow, writeSheets } from './sheets.mjs';
import { ROOT } from './sources.mjs';

const LANGUAGES = ['en', 'es', 'sw', 'ar'];
const THEMES = ['light', 'dark'];
/** Width, height, and size of text in per cent; the first is the one that axe-core looks at. */
const SIZES = [
  { name: '360', width: 360, height: 740, text: 100 },
  { name: '320', width: 320, height: 640, text: 100 },
  { name: '320-text200', width: 320, height: 640, text: 200 },
  { name: '768', width: 768, height: 1024, text: 100 },
  { name: '1024', width: 1024, height: 768, text: 100 },
];
/** States in the picture of the README, each with its language and theme. */
const README_STATES = [
  { state: 'welcome', language: 'en', theme: 'light' },
  { state: 'visit-not-seen', language: 'en', theme: 'light' },
  { state: 'claim', language: 'en', theme: 'light' },
  { state: 'money', language: 'en', theme: 'light' },
  { state: 'claim', language: 'ar', theme: 'dark' },
];
const README_PICTURE = join(ROOT, '../docs/app.png');
const SHOTS = join(ROOT, '.gallery/shots');
const SHEETS = join(ROOT, '.gallery/sheets');

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

await build({ root: ROOT, mode: 'gallery', logLevel: 'warn' });
const server = await preview({
  root: ROOT,
  mode: 'gallery',
  logLevel: 'warn',
  build: { outDir: '.gallery/site' },
  preview: { port: 0, host: '127.0.0.1' },
});
const address = `http://127.0.0.1:${server.httpServer.address().port}/gallery.html`;
const browser = await startBrowser();
const page = await browser.newPage();
const found = await faultsOfInspection(browser);
let place = '';
let pages = 0;
/** Parts of pages that move where nobody asks for less: with none, nothing would be looked at. */
let moving = 0;
const object = (text) => found.push(`${place}: ${text}`);
watch(page, new URL(address).origin, object);

await page.goto(address);
const names = (await page.locator('[data-names]').getAttribute('data-names')).split(' ');
const isQuick = process.argv.includes('--quick');
const isOpened = process.argv.includes('--open');
const wanted = process.argv.slice(2).filter((it) => !it.startsWith('--'));
const chosen = names.filter((it) => wanted.length === 0 || wanted.some((word) => it.startsWith(word)));

for (const folder of [SHOTS, SHEETS]) rmSync(folder, { recursive: true, force: true });
const asked = process.argv.filter((it) => it.startsWith('--look=')).map((it) => it.slice(7));
const looks = LANGUAGES.flatMap((language) =>
  THEMES.flatMap((theme) =>
    SIZES.map((size) => ({ language, theme, size, name: `${language}-${theme}-${size.name}` })),
  ),
).filter(({ theme, size, name }) =>
  asked.length > 0 ? asked.includes(name) : isQuick || theme === THEMES[0] || size === SIZES[0],
);
if (isQuick) {
  // A step that shares no divisor with their number comes to each of them.
  for (const [index, state] of chosen.entries()) await open(state, looks[(index * 13) % looks.length]);
} else {
  for (const look of looks) {
    for (const state of chosen) await open(state, look);
    if (process.argv.includes('--sheets')) await sheetsOf(look);
  }
}

/** Returns the path of a state's screenshot in a look. */
function shotOf(state, { language, theme, size }) {
  return join(SHOTS, `${language}-${theme}`, `${state}-${size.name}.png`);
}

/** Puts the screenshots of a look side by side. */
async function sheetsOf({ language, theme, size, name }) {
  mkdirSync(SHEETS, { recursive: true });
  const shots = chosen.map((state) => shotOf(state, { language, theme, size }));
  const pathOf = (index) => join(SHEETS, `${name}-${String(index + 1).padStart(2, '0')}.png`);
  await writeSheets(browser, shots, pathOf);
}

/** Opens a state as it looks to somebody, and inspects it. */
async function open(state, { language, theme, size }) {
  pages += 1;
  place = `${state} ${language} ${theme} ${size.name}`;
  const before = found.length;
  await show(page, { state, language, theme }, size);
  await inspect(size);
  const path = shotOf(state, { language, theme, size });
  const shoot = () => page.screenshot({ path, fullPage: true });
  mkdirSync(dirname(path), { recursive: true });
  if (!isQuick && !isOpened) await shoot();
  await inspectOpened(size);
  if ((isQuick && found.length > before) || isOpened) await shoot();
  if (found.length > before) object(`screenshot: ${path}`);
}

/** Has a page hyphenate nothing, as browsers without a dictionary of its language do. */
function keepWordsWhole() {
  const style = new CSSStyleSheet();
  style.replaceSync('* { hyphens: manual !important }');
  document.adoptedStyleSheets.push(style);
}

/** Shows a state at a size. */
async function show(tab, asked, { width, height, text }) {
  await tab.setViewportSize({ width, height });
  const search = `?${new URLSearchParams(asked)}`;
  if (!tab.url().startsWith(address)) {
    await tab.goto(address);
    await tab.evaluate(keepWordsWhole);
  }
  await tab.evaluate(
    ([next, percent]) => {
      document.documentElement.style.setProperty('font-size', `${percent}%`);
      history.pushState(null, '', next);
      dispatchEvent(new PopStateEvent('popstate'));
    },
    [search, text],
  );
  await tab.locator(`body[data-shown="${search}"] h1`).waitFor();
}

/** Writes the picture of the README, sharp enough for a screen of many dots. */
async function writeReadmePicture() {
  const tab = await browser.newPage({ deviceScaleFactor: 2 });
  const shots = [];
  for (const asked of README_STATES) {
    await show(tab, asked, SIZES[0]);
    shots.push(await tab.screenshot());
  }
  await tab.close();
  await writeRow(browser, shots, README_PICTURE);
}

/** Objects to faults that show when all that is one tap deeper is opened. */
async function inspectOpened(size) {
  const opened = await page.evaluate(() => {
    const all = [...document.querySelectorAll('details')];
    all.forEach((it) => (it.open = true));
    return all.length;
  });
  if (opened === 0) return;
  for (const fault of await faultsOf(page)) object(`opened: ${fault}`);
  if (isQuick || size === SIZES[0]) await inspectBarriers('opened: ');
}

/** Objects to what the page does wrong at a size. */
async function inspect(size) {
  for (const fault of await faultsOf(page)) object(fault);
  if (!isQuick && size !== SIZES[0]) return;
  await inspectBarriers();
  await inspectMotion();
}

/** Objects to motion where less of it is asked for. */
async function inspectMotion() {
  moving += (await movingParts(page)).length;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const part of await movingParts(page)) object(`moves in spite of reduced motion: ${part}`);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
}

/** Objects to what axe-core finds. */
async function inspectBarriers(when = '') {
  // Not through a script element: the policy of the page refuses it, as it should.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  );
  for (const { id, nodes } of violations) {
    object(`${when}axe: ${id}: ${nodes.map((node) => node.html).join(' ')}`);
  }
}

if (process.argv.includes('--readme')) await writeReadmePicture();
if (wanted.length === 0 && moving === 0) found.push('no state has a part that moves');
await browser.close();
await server.close();
for (const line of new Set(found)) console.error(line);
console.log(`gallery: ${chosen.length} states, ${pages} pages, ${found.length} objections`);
process.exit(found.length === 0 && chosen.length > 0 ? 0 : 1);
