import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { Precache, readFileHashes, type Store } from './precache.ts';

const SCOPE = 'https://host.example/annona/';
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** Cache storage in memory, which all versions share. */
class FakeCaches {
  readonly stores = new Map<string, Map<string, Response>>();
  isFull = false;

  async open(name: string): Promise<Store> {
    const store = this.stores.get(name) ?? new Map<string, Response>();
    this.stores.set(name, store);
    return {
      match: async (address) => store.get(address)?.clone(),
      put: async (address, response) => {
        if (this.isFull) throw new Error('no space');
        store.set(address, response);
      },
    };
  }
  keys = async () => [...this.stores.keys()];
  delete = async (name: string) => this.stores.delete(name);
}

/** Host that serves a version of the app, and counts what is fetched. */
class Host {
  fetched: string[] = [];
  isOff = false;

  constructor(public files: Record<string, string>) {}

  /** Files with the list of their hashes beside them, as a release has them. */
  static of(files: Record<string, string>): Host {
    const all = { ...files, 'service-worker.js': `worker of ${Object.values(files)}` };
    const hashes = Object.fromEntries(Object.entries(all).map(([path, it]) => [path, hash(it)]));
    return new Host({ ...all, 'release.json': JSON.stringify({ files: hashes }) });
  }

  fetch = async (address: string): Promise<Response> => {
    const path = address.slice(SCOPE.length);
    this.fetched.push(path);
    if (this.isOff) throw new TypeError('no network');
    const text = this.files[path];
    return new Response(text ?? '', { status: text === undefined ? 404 : 200 });
  };
}

const ONE = { 'index.html': 'page 1', 'assets/a-1.js': 'code 1', 'assets/k.prover': 'key' };
const TWO = { 'index.html': 'page 2', 'assets/a-2.js': 'code 2', 'assets/k.prover': 'key' };

function precache(files: Record<string, string>, host: Host, caches: FakeCaches): Precache {
  const list = Object.entries(files)
    .map(([path, text]) => `${path} ${hash(text)}`)
    .join(',');
  return new Precache({
    version: hash(list),
    files: readFileHashes(list),
    scope: SCOPE,
    caches,
    fetch: host.fetch,
    sha256: async (bytes) => createHash('sha256').update(Buffer.from(bytes)).digest('hex'),
  });
}
const textOf = async (answer: Promise<Response>) => (await answer).text();

describe('files of the app', () => {
  it('answer without a network once they were fetched, the prover once it was used', async () => {
    const host = Host.of(ONE);
    const one = precache(ONE, host, new FakeCaches());
    await one.install();
    expect(host.fetched).not.toContain('assets/k.prover');
    expect(await textOf(one.answer('assets/k.prover'))).toBe('key');
    host.isOff = true;
    for (const [path, text] of Object.entries(host.files)) {
      expect(await textOf(one.answer(path)), path).toBe(text);
    }
  });

  it('are told from all other addresses', () => {
    const one = precache(ONE, Host.of(ONE), new FakeCaches());
    expect(one.pathOf(SCOPE)).toBe('index.html');
    expect(one.pathOf(`${SCOPE}?x#y`)).toBe('index.html');
    expect(one.pathOf(`${SCOPE}assets/a-1.js`)).toBe('assets/a-1.js');
    expect(one.pathOf(`${SCOPE}release.json`)).toBe('release.json');
    for (const other of ['v1/config', 'assets/a-2.js', 'toString', 'constructor']) {
      expect(one.pathOf(SCOPE + other), other).toBeUndefined();
    }
    expect(one.pathOf('https://host.example/index.html')).toBeUndefined();
    expect(one.pathOf('https://other.example/annona/')).toBeUndefined();
  });

  it('of another hash are not kept, and the version is not installed', async () => {
    for (const path of ['index.html', 'assets/a-1.js', 'service-worker.js', 'release.json']) {
      const host = Host.of(ONE);
      host.files[path] = host.files[path]?.replace('1', '3') ?? '';
      const caches = new FakeCaches();
      await expect(precache(ONE, host, caches).install(), path).rejects.toThrow();
      const kept = [...caches.stores.values()].flatMap((it) => [...it.keys()]);
      expect(kept).not.toContain(SCOPE + path);
    }
    const host = Host.of(ONE);
    const one = precache(ONE, host, new FakeCaches());
    await one.install();
    host.files['assets/k.prover'] = 'another key';
    await expect(textOf(one.answer('assets/k.prover'))).rejects.toThrow();
  });

  it('that are large come part by part, the last one when the hash of all is right', async () => {
    const host = Host.of(ONE);
    const caches = new FakeCaches();
    const answerIn = async (parts: readonly string[]) => {
      let send: ReadableStreamDefaultController<Uint8Array> | undefined;
      const body = new ReadableStream<Uint8Array>({ start: (it) => void (send = it) });
      const headers = { 'content-encoding': 'br', 'content-type': 'application/octet-stream' };
      host.fetch = async () => new Response(body, { headers });
      const answer = await precache(ONE, host, caches).answer('assets/k.prover');
      const reader = answer.body?.getReader();
      for (const part of parts) send?.enqueue(new TextEncoder().encode(part));
      const first = new TextDecoder().decode((await reader?.read())?.value);
      send?.close();
      return { answer, reader, first };
    };
    const right = await answerIn(['k', 'ey']);
    expect(right.first).toBe('k');
    expect(new TextDecoder().decode((await right.reader?.read())?.value)).toBe('ey');
    expect(Object.fromEntries(right.answer.headers)).toEqual({
      'content-type': 'application/octet-stream',
    });
    caches.stores.clear();
    const wrong = await answerIn(['k', 'eys']);
    expect(wrong.first).toBe('k');
    await expect(wrong.reader?.read()).rejects.toThrow();
    const kept = [...caches.stores.values()].flatMap((it) => [...it.keys()]);
    expect(kept).not.toContain(`${SCOPE}assets/k.prover`);
  });

  it('of two versions are not mixed, and what both have is fetched once', async () => {
    const caches = new FakeCaches();
    const host = Host.of(ONE);
    const one = precache(ONE, host, caches);
    await one.install();
    await textOf(one.answer('assets/k.prover'));
    host.files = Host.of(TWO).files;
    const two = precache(TWO, host, caches);
    host.fetched = [];
    await two.install();
    expect(host.fetched).not.toContain('assets/k.prover');
    // Until the person changes, the earlier version answers with its own files.
    expect(await textOf(one.answer('index.html'))).toBe('page 1');
    expect(await textOf(two.answer('index.html'))).toBe('page 2');
    await two.activate();
    host.isOff = true;
    expect(await textOf(two.answer('assets/k.prover'))).toBe('key');
    await expect(one.answer('assets/a-1.js')).rejects.toThrow();
  });

  it('that the browser has dropped are fetched, and a later page loads its own', async () => {
    const caches = new FakeCaches();
    const host = Host.of(ONE);
    const one = precache(ONE, host, caches);
    await one.install();
    caches.stores.clear();
    expect(await textOf(one.answer('assets/a-1.js'))).toBe('code 1');
    host.files = Host.of(TWO).files;
    caches.stores.clear();
    expect(await textOf(one.answer('index.html'))).toBe('page 2');
    await expect(one.answer('assets/a-1.js')).rejects.toThrow();
    caches.isFull = true;
    expect((await one.answer('release.json')).ok).toBe(true);
  });
});
