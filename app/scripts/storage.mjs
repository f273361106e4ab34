// All that a page keeps in its browser, as text in which secrets can be looked for.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './sources.mjs';

/** Returns all that the storage of a page's origin holds, as text: bytes in hexadecimal, and as Latin-1. */
export async function stored(page) {
  const cookies = await page.context().cookies();
  return `${await page.evaluate(readStorage, ownFiles())}\n${JSON.stringify(cookies)}`;
}

let hashes;

/** Returns the SHA-256 of each built file: there is no need to look into what everybody is sent. */
function ownFiles() {
  const folder = join(ROOT, 'dist');
  if (!existsSync(folder)) return [];
  hashes ??= readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name)))
    .map((bytes) => createHash('sha256').update(bytes).digest('hex'));
  return hashes;
}

/**
 * Runs in a page, and so uses nothing from outside: returns a line for each place of storage. Of
 * files in caches whose SHA-256 is in `known` it tells the hash alone.
 */
async function readStorage(known) {
  const hexOf = (bytes) => Array.from(bytes, (it) => it.toString(16).padStart(2, '0')).join('');
  const told = (bytes) => [hexOf(bytes), new TextDecoder('latin1').decode(bytes)];
  const bytesIn = (value) => {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    const isView = ArrayBuffer.isView(value);
    return isView && new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  };

  /** Returns a value as JSON can hold it, with nothing left out. */
  async function plain(value, above = []) {
    if (typeof value === 'bigint') return [`${value}`, value.toString(16)];
    if (typeof value !== 'object' || value === null) return value;
    if (above.includes(value)) return 'itself';
    const bytes = bytesIn(value);
    if (bytes) return told(bytes);
    if (value instanceof Blob) return told(new Uint8Array(await value.arrayBuffer()));
    if (value instanceof CryptoKey) {
      return value.extractable ? crypto.subtle.exportKey('jwk', value) : `${value.type} key`;
    }
    if (value instanceof Date || value instanceof RegExp) return `${value}`;
    const isList = Array.isArray(value) || value instanceof Map || value instanceof Set;
    const within = isList ? [...value] : Object.entries(value);
    const parts = [];
    for (const part of within) parts.push(await plain(part, [...above, value]));
    return isList ? parts : Object.fromEntries(parts);
  }

  const lines = [];
  const add = async (...parts) => lines.push(JSON.stringify(await plain(parts)));
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  await add({ ...localStorage }, { ...sessionStorage }, globalThis.name, globalThis.history?.state);
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const storeName of database.objectStoreNames) {
      const store = database.transaction(storeName).objectStore(storeName);
      const [values, keys] = [store.getAll(), store.getAllKeys()].map(done);
      for (const value of await values) await add(value);
      await add(name, storeName, await keys);
    }
    database.close();
  }

  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request, { ignoreVary: true });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const hash = hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
      const headers = [request, answer].map((it) => [...it.headers]);
      await add(name, request.url, headers, known.includes(hash) ? hash : bytes);
    }
  }

  /** Adds the files of a folder of the origin's own file system. */
  async function addFiles(folder) {
    for await (const [name, handle] of folder.entries()) {
      await add(name);
      if (handle.kind === 'directory') await addFiles(handle);
      else await add(await handle.getFile());
    }
  }
  await addFiles(await navigator.storage.getDirectory());
  return lines.join('\n');
}
