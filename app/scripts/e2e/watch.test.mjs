import 'fake-indexeddb/auto';

import { EventEmitter } from 'node:events';
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { stored } from '../storage.mjs';
import { Watch } from './watch.mjs';

/** Bytes of every kind: those that JSON escapes, those outside of ASCII, and others. */
const SECRET = Buffer.from('0022' + '5c0a7f80' + 'fffe41426100'.repeat(4) + '0102', 'hex');
const WORDS = entropyToMnemonic(SECRET, wordlist).split(' ');
const PIN = '271828';
const HEX = SECRET.toString('hex');
const reversed = Buffer.from(SECRET).reverse();
const IS_SECRET = ['the secret is stored'];

/** A cache, and a file system of the origin, as far as what is kept in them is read. */
let cached, files;
let cookies;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  [cached, files, cookies] = [new Map(), new Map(), []];
  vi.stubGlobal('localStorage', {});
  vi.stubGlobal('sessionStorage', {});
  vi.stubGlobal('caches', {
    keys: async () => ['annona-1'],
    open: async () => ({
      keys: async () => [...cached.keys()],
      match: async (request) => cached.get(request),
    }),
  });
  const entries = () => files.entries();
  vi.stubGlobal('navigator', { storage: { getDirectory: async () => ({ entries }) } });
});
afterEach(() => vi.unstubAllGlobals());

/** A watch over a phone that knows words and PIN. */
function newWatch() {
  const context = new EventEmitter();
  const watch = new Watch(context, ['https://svc.example']);
  watch.addWords(WORDS);
  watch.addPin(PIN);
  return { context, watch };
}

/** Returns what a watch finds in the storage as it is now. */
async function found() {
  const page = {
    evaluate: async (work, argument) => work(argument),
    context: () => ({ cookies: async () => cookies }),
  };
  const { watch } = newWatch();
  watch.lookForSecrets('stored', await stored(page));
  return watch.found;
}

/** Keeps a value in a database. */
async function keep(value, key = 'x') {
  const opened = indexedDB.open('annona');
  opened.onupgradeneeded = () => opened.result.createObjectStore('vault');
  await new Promise((resolve) => (opened.onsuccess = resolve));
  const put = opened.result.transaction('vault', 'readwrite').objectStore('vault').put(value, key);
  await new Promise((resolve) => (put.onsuccess = resolve));
  opened.result.close();
}

const within = Buffer.concat([Buffer.alloc(5, 1), SECRET, Buffer.alloc(3, 2)]);
const bufferOf = (bytes) => new Uint8Array(bytes).buffer;

describe('a secret in a database', () => {
  it.each([
    ['hexadecimal', HEX.toUpperCase()],
    ['hexadecimal from its end', reversed.toString('hex')],
    ['decimal', BigInt(`0x${HEX}`).toString()],
    ['base 64', SECRET.toString('base64')],
    ['base 64 for addresses', SECRET.toString('base64url')],
    ['a string of its bytes', SECRET.toString('latin1')],
    ['a list of numbers', [...SECRET]],
    ['bytes', new Uint8Array(SECRET)],
    ['bytes among others', new Uint8Array(bufferOf(within), 2, 36)],
    ['a buffer', bufferOf(SECRET)],
    ['a view', new DataView(bufferOf(within), 4)],
    ['words of 64 bits', new BigUint64Array(bufferOf(SECRET))],
    ['a large number', BigInt(`0x${HEX}`)],
    ['a map', new Map([['a', { b: new Set([bufferOf(SECRET)]) }]])],
  ])('is found as %s', async (_, value) => {
    await keep({ vault: { wrapped: value } });
    expect(await found()).toEqual(IS_SECRET);
  });

  it('is found as a file, which a database may hold too', async () => {
    vi.stubGlobal('indexedDB', databaseWith([{ file: new Blob([SECRET]) }]));
    expect(await found()).toEqual(IS_SECRET);
  });

  it('is found as a key that can be taken out, and not as one that cannot', async () => {
    const key = (isExtractable) =>
      crypto.subtle.importKey('raw', SECRET, 'AES-GCM', isExtractable, ['encrypt']);
    vi.stubGlobal('indexedDB', databaseWith([await key(false)]));
    expect(await found()).toEqual([]);
    vi.stubGlobal('indexedDB', databaseWith([await key(true)]));
    expect(await found()).toEqual(IS_SECRET);
  });

  it('is found in the key of an entry', async () => {
    await keep(1, bufferOf(SECRET));
    expect(await found()).toEqual(IS_SECRET);
  });
});

describe('a secret outside of databases', () => {
  it('is found in the storage of strings and in cookies', async () => {
    globalThis.localStorage.x = HEX;
    expect(await found()).toEqual(IS_SECRET);
    globalThis.localStorage = {};
    globalThis.sessionStorage.x = SECRET.toString('base64');
    expect(await found()).toEqual(IS_SECRET);
    globalThis.sessionStorage = {};
    expect(await found()).toEqual([]);
    cookies = [{ name: 'x', value: HEX, httpOnly: true }];
    expect(await found()).toEqual(IS_SECRET);
  });

  it('is found in a cache: in the address, the headers and the body', async () => {
    const url = 'https://svc.example/x';
    for (const [request, answer] of [
      [new Request(`${url}?${HEX}`), new Response('')],
      [new Request(url), new Response('', { headers: { 'x-y': HEX } })],
      [new Request(url), new Response(JSON.stringify({ a: HEX }))],
      [new Request(url), new Response(within)],
    ]) {
      cached = new Map([[request, answer]]);
      expect(await found()).toEqual(IS_SECRET);
    }
    cached = new Map([[new Request(url), new Response('nothing')]]);
    expect(await found()).toEqual([]);
  });

  it('is found in a file of the origin', async () => {
    const inner = new Map([['a', { kind: 'file', getFile: async () => new Blob([within]) }]]);
    files.set('folder', { kind: 'directory', entries: () => inner.entries() });
    expect(await found()).toEqual(IS_SECRET);
  });
});

describe('words and a PIN', () => {
  it('are found as text and as the bytes of text', async () => {
    for (const text of [WORDS.join(' '), JSON.stringify(WORDS)]) {
      for (const value of [text, new TextEncoder().encode(text)]) {
        await keep(value);
        expect(await found()).toEqual(['words of the card is stored']);
      }
    }
    for (const value of [PIN, new TextEncoder().encode(`pin ${PIN}`)]) {
      await keep(value);
      expect(await found()).toEqual(['the PIN is stored']);
    }
  });
});

describe('what is sent', () => {
  const request = (body) => ({
    url: () => 'https://svc.example/v1/x',
    headers: () => ({}),
    postDataBuffer: () => body,
  });

  it.each([
    ['bytes', within],
    ['text', Buffer.from(HEX)],
    ['JSON', Buffer.from(JSON.stringify({ a: SECRET.toString('latin1') }), 'latin1')],
  ])('is looked through as %s', (_, body) => {
    const { context, watch } = newWatch();
    context.emit('request', request(null));
    watch.lookForSecretsSent();
    expect(watch.found).toEqual([]);
    context.emit('request', request(body));
    watch.lookForSecretsSent();
    expect(watch.found).toEqual(['the secret is sent']);
  });
});

/** A factory of one database with one store, whose values a real one cannot take under Node.js. */
function databaseWith(values) {
  const after = (result) => {
    const request = { result };
    setTimeout(() => request.onsuccess?.());
    return request;
  };
  const objectStore = () => ({ getAll: () => after(values), getAllKeys: () => after(['x']) });
  const database = {
    objectStoreNames: ['vault'],
    transaction: () => ({ objectStore }),
    close: () => undefined,
  };
  return { databases: async () => [{ name: 'annona' }], open: () => after(database) };
}
