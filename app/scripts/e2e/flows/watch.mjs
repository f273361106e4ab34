// Faults that the watch over a phone has to find, brought about on a page that nothing protects:
// requests to a host that nobody named, by the page and by its workers, and a secret in each place
// of storage. A watch that misses one of them would let all other flows pass. Nothing tells of what
// shared workers ask: no source begins one (`walls.mjs`).

import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';

import { stored } from '../../storage.mjs';
import { Watch } from '../watch.mjs';

export const title = 'the watch over a phone sees each request to others and each secret that is kept';

const SECRET = Buffer.alloc(32, '"\\\x7f\xfe', 'latin1');
const WORDS = entropyToMnemonic(SECRET, wordlist).split(' ');
/** Contexts that make a request, each by its script; the page's own is run as it is. */
const SCRIPTS = {
  page: (address) => `fetch('${address}')`,
  worker: (address) => `fetch('${address}')`,
  'service-worker': (address) =>
    `addEventListener('install', (event) => event.waitUntil(fetch('${address}')))`,
};

export async function run({ service, browser, newProxy, expect, atEnd }) {
  const other = await newProxy();
  const addressFor = (by) => `${other.address}/v1/epochs/current?by=${by}`;
  service.rules.push({ method: 'GET', path: /^\/planted/, reply: ({ url }) => planted(url, addressFor) });
  const context = await browser.newContext();
  atEnd(() => context.close());
  const watch = new Watch(context, [service.address]);
  watch.addWords(WORDS);
  const page = await context.newPage();
  await page.goto(`${service.address}/planted`);
  expect(watch.found.length === 0, `the watch finds what is not there: ${watch.found}`);

  await page.evaluate(ask, addressFor('page'));
  await page.evaluate((it) => new WebSocket(it), `${other.address.replace('http', 'ws')}/by=web-socket`);
  for (const by of [...Object.keys(SCRIPTS), 'web-socket']) {
    const isMade = await until(() => other.seen.some(({ url }) => url.endsWith(`by=${by}`)));
    expect(isMade, `there was no request by ${by}`);
    const isSeen = await until(() => watch.found.some((it) => it.startsWith('asks ') && it.endsWith(`by=${by}`)));
    expect(isSeen, `the watch does not see a request by ${by}`);
  }

  for (const [place, keep] of Object.entries(PLACES)) {
    const secret = await page.evaluate(keep, [...SECRET]);
    if (secret) await context.addCookies([{ name: 'x', value: secret, url: service.address, httpOnly: true }]);
    watch.found.length = 0;
    watch.lookForSecrets('stored', await stored(page));
    expect(watch.found.includes('the secret is stored'), `the watch does not find a secret in ${place}`);
    await clear(context, page);
  }
  watch.found.length = 0;
  watch.lookForSecrets('stored', await stored(page));
  expect(watch.found.length === 0, 'the watch finds a secret that is deleted');
}

/** Answers with a page without a policy, or with the script of a worker. */
function planted(url, addressFor) {
  const by = /^\/planted-([\w-]+)\.js/.exec(url)?.[1];
  const type = by ? 'text/javascript' : 'text/html';
  const body = by ? SCRIPTS[by](addressFor(by)) : '<!doctype html><title>planted</title>';
  return { status: 200, headers: { 'content-type': type }, body };
}

/** Runs in a page: makes a request, and has workers make one. */
async function ask(address) {
  fetch(address).catch(() => undefined);
  globalThis.kept = new Worker('/planted-worker.js');
  await navigator.serviceWorker.register('/planted-service-worker.js').catch(() => undefined);
}

/** Run in a page: each keeps a secret; one that returns it leaves it to a cookie. */
const PLACES = {
  'a database': async (secret) => {
    const opened = indexedDB.open('planted');
    opened.onupgradeneeded = () => opened.result.createObjectStore('x');
    await new Promise((resolve) => (opened.onsuccess = resolve));
    const { buffer } = new Uint8Array(secret);
    const put = opened.result.transaction('x', 'readwrite').objectStore('x').put({ buffer }, 'x');
    await new Promise((resolve) => (put.onsuccess = resolve));
    opened.result.close();
  },
  'a cache': async (secret) => {
    const cache = await caches.open('planted');
    await cache.put('/x', new Response(new Uint8Array([1, ...secret])));
  },
  'a file': async (secret) => {
    const folder = await navigator.storage.getDirectory();
    const stream = await (await folder.getFileHandle('x', { create: true })).createWritable();
    await stream.write(new Uint8Array(secret));
    await stream.close();
  },
  'the storage of strings': (secret) => {
    sessionStorage.x = btoa(String.fromCharCode(...secret));
  },
  'the history': (secret) => history.replaceState(new Uint8Array(secret), ''),
  'a cookie': (secret) => secret.map((it) => it.toString(16).padStart(2, '0')).join(''),
};

async function clear(context, page) {
  await context.clearCookies();
  const session = await context.newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  await page.evaluate(() => {
    sessionStorage.clear();
    history.replaceState(null, '');
  });
}

/** Waits until something is so, at most ten seconds, and returns whether it is. */
async function until(isSo) {
  for (let tries = 0; tries < 100 && !isSo(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return isSo();
}
