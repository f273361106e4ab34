// Contact sheets: screenshots side by side in one picture, so that many can be looked at together.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Width of a sheet, and height from which the next one is begun, in pixels. */
const SHEET_WIDTH = 2_230;
const SHEET_HEIGHT = 2_200;
const GAP = 10;
/** Height of the name above each screenshot. */
const NAME_HEIGHT = 20;

/** Width and height of a PNG, from its header. */
function sizeOf(png) {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

/** Puts screenshots of one width into columns, each into the shortest, and begins sheets as needed. */
function arrange(paths) {
  const sheets = [];
  let columns = [];
  for (const path of paths) {
    const png = readFileSync(path);
    const { width, height } = sizeOf(png);
    const shortest = columns.reduce((one, it) => (it.height < one.height ? it : one), columns[0] ?? { height: Infinity });
    if (shortest.height + height > SHEET_HEIGHT && (columns.length === 0 || shortest.height > 0)) {
      const count = Math.max(1, Math.floor(SHEET_WIDTH / (width + GAP)));
      columns = Array.from({ length: count }, () => ({ height: 0, shots: [] }));
      sheets.push(columns);
    }
    const column = columns.reduce((one, it) => (it.height < one.height ? it : one));
    column.shots.push({ name: basename(path, '.png'), png });
    column.height += height + GAP + NAME_HEIGHT;
  }
  return sheets;
}

const columnOf = ({ shots }) =>
  shots
    .map(({ name, png }) => `<p>${name}</p><img src="data:image/png;base64,${png.toString('base64')}">`)
    .join('');

/** Writes the sheets of screenshots; `pathOf` names the file of a sheet by its number. */
export async function writeSheets(browser, paths, pathOf) {
  const page = await browser.newPage({ viewport: { width: SHEET_WIDTH, height: 200 } });
  for (const [index, columns] of arrange(paths).entries()) {
    await page.setContent(`<style>
      body { margin: 0; background: #888; display: flex; gap: ${GAP}px; align-items: flex-start }
      p { margin: 0; height: ${NAME_HEIGHT}px; font: bold 14px sans-serif }
      img { display: block; margin-bottom: ${GAP}px }
      </style>${columns.map((it) => `<div>${columnOf(it)}</div>`).join('')}`);
    await page.screenshot({ path: pathOf(index), fullPage: true });
  }
  await page.close();
}

/** Writes one picture of screenshots of a phone, side by side, for a document. */
export async function writeRow(browser, shots, path) {
  const width = 275;
  const height = 565;
  const gap = 15;
  const page = await browser.newPage({
    viewport: { width: (width + gap) * shots.length - gap, height },
    deviceScaleFactor: 2,
  });
  const images = shots.map((it) => `<img src="data:image/png;base64,${it.toString('base64')}">`);
  await page.setContent(`<style>
    body { margin: 0; display: flex; gap: ${gap}px }
    img { box-sizing: border-box; width: ${width}px; height: ${height}px; border: 1px solid #888;
      border-radius: 16px; object-fit: cover; object-position: top }
    </style>${images.join('')}`);
  await page.screenshot({ path, omitBackground: true });
  await page.close();
}
