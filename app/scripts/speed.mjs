// Measures how fast the first page of the built app comes on a throttled phone, in Chromium, with
// the throttling, curves and weights of Lighthouse for mobile (its package needs a newer Node.js
// and some hundred packages). Fails below the score that the app has to reach.
//
// First contentful paint, largest contentful paint and layout shift are the browser's own. Blocking
// time is the processor time of the main thread's tasks, so that other work on the machine, which
// takes the processor away from the page, is not counted as the page's. The speed index is taken as the time of the largest paint, after which nothing of
// the page changes: the true one is no later. Of several loads the best counts, because other work
// on the machine only ever makes a load slower. `--json FILE` writes the figures.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { startBrowser } from './browser.mjs';
import { ROOT } from './sources.mjs';

const LEAST_SCORE = 95;
const LOADS = 9;
/** Score after which no further load is needed. */
const ENOUGH = 97;
/** Time after the page has loaded for which its work is watched. */
const WATCHED_MS = 5_000;
/** A slow 4G connection and a middling phone, as Lighthouse has them for applied throttling. */
const CPU_SLOWDOWN = 4;
const NETWORK = {
  offline: false,
  latency: 562.5,
  downloadThroughput: (1_474.56 * 1_000) / 8,
  uploadThroughput: (675 * 1_000) / 8,
};
/** Each metric: its weight, and the values with scores of 0.9 and 0.5. */
const CURVES = {
  fcp: { weight: 10, p10: 1_800, median: 3_000 },
  si: { weight: 10, p10: 3_387, median: 5_800 },
  lcp: { weight: 25, p10: 2_500, median: 4_000 },
  tbt: { weight: 30, p10: 200, median: 600 },
  cls: { weight: 25, p10: 0.1, median: 0.25 },
};
/** Kinds of events that are traced: paints, and tasks with their processor time. */
const TRACED = ['loading', 'disabled-by-default-devtools.timeline'];
/** Part of a task above this is blocking. */
const LONG_TASK_MS = 50;
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** Complementary error function (Abramowitz and Stegun, 7.1.26), to 1.5e-7. */
function erfc(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const terms = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  const sum = terms.reduceRight((rest, term) => (rest + term) * t, 0);
  const value = sum * Math.exp(-x * x);
  return x >= 0 ? value : 2 - value;
}

/** Returns the score of a value: the complementary log-normal distribution through two points. */
export function scoreOf(value, { p10, median }) {
  if (value <= 0) return 1;
  const z90 = 0.9061938024368232;
  const standardized = (Math.log(value / median) / Math.log(median / p10)) * z90;
  return erfc(standardized) / 2;
}

/** Returns the weighted score of all metrics, of 100. */
export function overallScore(metrics) {
  const parts = Object.entries(CURVES).map(([name, it]) => it.weight * scoreOf(metrics[name], it));
  return parts.reduce((sum, part) => sum + part, 0);
}

/** Serves `dist` as a host with compression does. */
async function serve() {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname.replace(/^\/$/, '/index.html');
    try {
      const type = TYPES[extname(path)] ?? 'application/octet-stream';
      const body = gzipSync(readFileSync(join(ROOT, 'dist', path)));
      // Names with a hash in them never mean other contents, as `annona serve` says of them too.
      const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
      const headers = { 'content-encoding': 'gzip', 'cache-control': caching };
      response.writeHead(200, { 'content-type': type, ...headers });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  return server;
}

/** Notes paints and shifts from the first moment of a page. */
function observe() {
  const seen = { lcp: 0, cls: 0 };
  globalThis.annonaSeen = seen;
  const on = (type, note) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({
      type,
      buffered: true,
    });
  on('largest-contentful-paint', (entry) => (seen.lcp = entry.startTime));
  on('layout-shift', (entry) => (seen.cls += entry.hadRecentInput ? 0 : entry.value));
}

/** Sums up the blocking parts of the main thread's tasks after the first paint, in milliseconds. */
function blockingTime(trace) {
  const { traceEvents } = JSON.parse(trace);
  const paint = traceEvents.find((it) => it.name === 'firstContentfulPaint');
  if (!paint) throw new Error('the trace has no first paint');
  const tasks = traceEvents.filter(
    ({ name, pid, tid, ts }) =>
      name === 'RunTask' && pid === paint.pid && tid === paint.tid && ts >= paint.ts,
  );
  if (tasks.length === 0) throw new Error('the trace has no tasks');
  return tasks.reduce((sum, { tdur = 0 }) => sum + Math.max(0, tdur / 1_000 - LONG_TASK_MS), 0);
}

/** Loads the page once on a phone that has never seen it. */
async function load(browser, address) {
  const phone = await browser.newContext({
    viewport: { width: 412, height: 823 },
    deviceScaleFactor: 1.75,
    isMobile: true,
    hasTouch: true,
    locale: 'en',
  });
  const page = await phone.newPage();
  const session = await phone.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', NETWORK);
  await session.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
  await page.addInitScript(observe);
  await browser.startTracing(page, { categories: TRACED });
  await page.goto(address);
  await page.locator('h1').waitFor();
  await page.waitForTimeout(WATCHED_MS);
  const seen = await page.evaluate(() => ({
    ...globalThis.annonaSeen,
    fcp: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  }));
  const tbt = blockingTime((await browser.stopTracing()).toString());
  await phone.close();
  const { fcp, lcp, cls } = seen;
  return { fcp, si: lcp, lcp, tbt, cls };
}

const isProgram = process.argv[1]?.endsWith('speed.mjs');
if (isProgram) {
  const server = await serve();
  const browser = await startBrowser();
  const loads = [];
  for (let count = 0; count < LOADS; count += 1) {
    const metrics = await load(browser, `http://localhost:${server.address().port}/`);
    loads.push({ ...metrics, score: overallScore(metrics) });
    const { fcp, lcp, tbt, cls, score } = loads.at(-1);
    const times = [fcp, lcp, tbt].map((it) => it.toFixed(0));
    console.log(
      `first paint ${times[0]} ms, largest ${times[1]} ms, blocking ${times[2]} ms, shift ${cls.toFixed(3)}: ${score.toFixed(1)}`,
    );
    if (score >= ENOUGH) break;
  }
  await browser.close();
  server.close();
  const best = loads.reduce((one, other) => (other.score > one.score ? other : one));
  const file = process.argv[process.argv.indexOf('--json') + 1];
  if (process.argv.includes('--json')) writeFileSync(file, `${JSON.stringify(best)}\n`);
  console.log(`speed: ${best.score.toFixed(0)} of 100, at least ${LEAST_SCORE}`);
  process.exit(best.score >= LEAST_SCORE ? 0 : 1);
}
