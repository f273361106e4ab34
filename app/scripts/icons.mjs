// Draws public/icon.svg as the PNG files that phones take for an installed app.

import { readFileSync, writeFileSync } from 'node:fs';

import { startBrowser } from './browser.mjs';

const PUBLIC = new URL('../public/', import.meta.url);
/** Sides in pixels. The system of an iPhone rounds the corners itself, so there are none. */
const ICONS = [
  { name: 'icon-192.png', side: 192, isRounded: true },
  { name: 'icon-512.png', side: 512, isRounded: true },
  { name: 'icon-180-square.png', side: 180, isRounded: false },
];

const drawing = readFileSync(new URL('icon.svg', PUBLIC), 'utf8');
const browser = await startBrowser();
const page = await browser.newPage();
for (const { name, side, isRounded } of ICONS) {
  await page.setViewportSize({ width: side, height: side });
  const svg = isRounded ? drawing : drawing.replace(' rx="14"', '');
  await page.setContent(
    `<style>body { margin: 0 } svg { display: block; width: ${side}px }</style>${svg}`,
  );
  writeFileSync(new URL(name, PUBLIC), await page.screenshot({ omitBackground: true }));
}
await browser.close();
