// Has Lighthouse score the first page of the built app on a phone, and fails below the score that
// the app has to reach. Lighthouse loads the page as fast as it comes and works out from what it
// saw how a slow 4G connection and a processor four times slower would load it. Other work on the
// machine only ever makes a load slower: the first load that is fast enough ends the run, and each
// has a browser that has never seen the page.
//
// `node scripts/speed.mjs [URL] [--loads=N]`: the address of a served app, instead of `dist` with its
// compressed copies; and how many loads to make in any case, of which the best counts.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import lighthouse from 'lighthouse';

import { spawnBrowser } from './e2e/own-browser.mjs';
import { ROOT } from './sources.mjs';

const LEAST_SCORE = 95;
const MOST_LOADS = 5;
/** The metrics that make the score. */
const METRICS = {
  'first-contentful-paint': 'first paint',
  'largest-contentful-paint': 'largest',
  'speed-index': 'speed index',
  'total-blocking-time': 'blocking',
};
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** Returns a built file as `annona serve` sends it: its compressed copy, where it has one. */
function answerOf(path) {
  const file = join(ROOT, 'dist', path);
  // Names with a hash in them never mean other contents.
  const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const headers = { 'content-type': type, 'cache-control': caching };
  try {
    return { body: readFileSync(`${file}.br`), headers: { ...headers, 'content-encoding': 'br' } };
  } catch {
    return { body: readFileSync(file), headers };
  }
}

/** Serves `dist` and returns the server. */
async function serve() {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname.replace(/^\/$/, '/index.html');
    try {
      const { body, headers } = answerOf(path);
      response.writeHead(200, headers);
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  return server;
}

/** Loads the page once in a new browser and returns Lighthouse's score, of 100. */
async function load(address, folder) {
  mkdirSync(folder);
  const browser = await spawnBrowser(folder);
  try {
    const { port } = new URL(browser.address);
    const options = { port: Number(port), onlyCategories: ['performance'], logLevel: 'error' };
    const { lhr } = await lighthouse(address, options);
    if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
    const times = Object.entries(METRICS).map(
      ([id, name]) => `${name} ${(lhr.audits[id].numericValue / 1_000).toFixed(2)} s`,
    );
    const shift = lhr.audits['cumulative-layout-shift'].numericValue.toFixed(3);
    const score = Math.round(100 * lhr.categories.performance.score);
    console.log(`${times.join(', ')}, shift ${shift}: ${score}`);
    return { score, version: lhr.lighthouseVersion };
  } finally {
    await browser.kill();
  }
}

const named = process.argv.slice(2).find((it) => !it.startsWith('--'));
const asked = Number(process.argv.find((it) => it.startsWith('--loads='))?.slice(8) ?? 0);
const server = named ? undefined : await serve();
const address = named ?? `http://localhost:${server.address().port}/`;
const folder = mkdtempSync(join(tmpdir(), 'annona-speed-'));
const loads = [];
const best = () => Math.max(0, ...loads.map(({ score }) => score));
while (loads.length < (asked || MOST_LOADS)) {
  loads.push(await load(address, join(folder, String(loads.length))));
  if (!asked && best() >= LEAST_SCORE) break;
}
server?.close();
rmSync(folder, { recursive: true, force: true });
console.log(
  `speed: ${best()} of 100 by Lighthouse ${loads[0]?.version}, the best of ${loads.length}, at least ${LEAST_SCORE}`,
);
process.exit(best() >= LEAST_SCORE ? 0 : 1);
