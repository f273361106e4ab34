/** Service worker: answers with the app's own files, and passes everything else by. */

import { Precache, readFileHashes } from './precache.ts';

declare const self: ServiceWorkerGlobalScope;

/** Files and their hashes, which `scripts/release.mjs` writes here after the build. */
const FILES = readFileHashes('annona-files');
/** Hash of that list. */
const VERSION = 'annona-version';

const hexOf = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

const precache = new Precache({
  version: VERSION,
  files: FILES,
  scope: self.registration.scope,
  caches: self.caches,
  fetch: (address) => fetch(new Request(address, { cache: 'no-cache', credentials: 'omit' })),
  sha256: async (bytes) => hexOf(await crypto.subtle.digest('SHA-256', bytes)),
});

self.addEventListener('install', (event) => event.waitUntil(precache.install()));

// The page that registered the first worker takes it at once; a later one waits for the person.
self.addEventListener('activate', (event) => {
  event.waitUntil(precache.activate().then(() => self.clients.claim()));
});

self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const path = method === 'GET' ? precache.pathOf(url) : undefined;
  if (path !== undefined) event.respondWith(precache.answer(path));
});
