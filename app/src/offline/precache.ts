/**
 * Keeping of the app's own files on the device, so that it opens without a network. Files are known
 * by their SHA-256 hashes, which the build writes into the service worker; a file of another hash
 * is never kept and never answers, so that no version is mixed with another. Answers of services
 * and endpoints are not touched.
 */

/** Files of the version that a service worker keeps: paths below the app's folder, and hashes. */
export type FileHashes = Readonly<Record<string, string>>;

/** Reads the list that the build wrote: `path hash` pairs with commas between. */
export function readFileHashes(list: string): FileHashes {
  return Object.fromEntries(list.split(',').map((pair) => pair.split(' ')));
}

/** Part of Cache storage that is used here. */
export interface Store {
  match(address: string): Promise<Response | undefined>;
  put(address: string, response: Response): Promise<void>;
}

/** Surroundings of the precache. */
export interface PrecacheContext {
  /** Hash of the version's list of files. */
  version: string;
  files: FileHashes;
  /** Address of the app's folder, with a slash at its end. */
  scope: string;
  caches: {
    open(name: string): Promise<Store>;
    keys(): Promise<string[]>;
    delete(name: string): Promise<boolean>;
  };
  /** Fetches a file past all caches that may have another version of it. */
  fetch: (address: string) => Promise<Response>;
  sha256: (bytes: ArrayBuffer) => Promise<string>;
}

/** Beginning of the names of caches. */
const PREFIX = 'annona-app-';
/** Page of the app, which is also asked for by the folder's own address. */
const PAGE = 'index.html';
/** List of all files with their hashes, as it is published, and the worker itself, which is in it. */
const LIST = 'release.json';
const WORKER = 'service-worker.js';
/** Files that are only kept once they were used: prover and code reader are most of the size. */
const IS_KEPT_ON_USE = /\.(prover|witness)$|\/zxing_/;

/** Files of one version of the app on the device. */
export class Precache {
  readonly #name: string;

  constructor(private readonly context: PrecacheContext) {
    this.#name = `${PREFIX}${context.version}`;
  }

  /** Fetches what is not kept yet. Rejects where a file is missing or another than the version's. */
  async install(): Promise<void> {
    const store = await this.#open();
    const earlier = await this.#earlier();
    const paths = Object.keys(this.context.files);
    for (const path of paths) {
      if (await store.match(this.#address(path))) continue;
      const kept = await this.#from(earlier, path);
      if (kept) await store.put(this.#address(path), kept);
      else if (!IS_KEPT_ON_USE.test(path)) await store.put(this.#address(path), await this.#get(path));
    }
    await this.#keepList(store);
  }

  /** Keeps the published list of this version, and the worker by its hash in that list. */
  async #keepList(store: Store): Promise<void> {
    const { files, fetch, sha256 } = this.context;
    const [list, worker] = await Promise.all(
      [LIST, WORKER].map((path) => fetch(this.#address(path))),
    );
    if (!list?.ok || !worker?.ok) throw new TypeError('the list of files is missing');
    const { files: published } = (await list.clone().json()) as { files: FileHashes };
    const isSame = Object.entries(files).every(([path, hash]) => published[path] === hash);
    const hash = await sha256(await worker.clone().arrayBuffer());
    if (!isSame || published[WORKER] !== hash) throw new TypeError('the list is of another version');
    await store.put(this.#address(LIST), list);
    await store.put(this.#address(WORKER), worker);
  }

  /** Forgets the files of other versions. */
  async activate(): Promise<void> {
    const names = await this.context.caches.keys();
    const others = names.filter((it) => it.startsWith(PREFIX) && it !== this.#name);
    await Promise.all(others.map((it) => this.context.caches.delete(it)));
  }

  /** Returns the path of a file of this version, or nothing for any other address. */
  pathOf(address: string): string | undefined {
    const { scope, files } = this.context;
    const bare = address.split(/[?#]/)[0] ?? '';
    if (!bare.startsWith(scope)) return undefined;
    const path = bare === scope ? PAGE : bare.slice(scope.length);
    return Object.hasOwn(files, path) || path === LIST || path === WORKER ? path : undefined;
  }

  /**
   * Answers with a file of this version: kept, or fetched and then kept. Where the browser has
   * dropped what was kept and the host has a later version, its page is passed on as it is, and
   * loads its own files. Large files are passed on as they come, so that their progress is seen.
   */
  async answer(path: string): Promise<Response> {
    const address = this.#address(path);
    const store = await this.#open().catch(() => undefined);
    const kept = await store?.match(address).catch(() => undefined);
    if (kept) return kept;
    const fetched = await this.context.fetch(address);
    if (fetched.ok && fetched.body && IS_KEPT_ON_USE.test(path)) {
      const headers = headersOfUnpacked(fetched.headers);
      return new Response(this.#passedOn(path, headers, fetched.body, store), { headers });
    }
    if (fetched.ok && (await this.#isOfVersion(path, fetched))) {
      // A full disk costs the person another fetch, and no more.
      await store?.put(address, fetched.clone()).catch(() => undefined);
      return fetched;
    }
    if (path === PAGE || !Object.hasOwn(this.context.files, path)) return fetched;
    throw new TypeError(`${path} is not of this version`);
  }

  /**
   * Passes a file on part by part, and keeps it. The last part comes when the whole has the right
   * hash, and otherwise the answer breaks off: a file of another hash never arrives whole.
   */
  #passedOn(
    path: string,
    headers: Headers,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    store: Store | undefined,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    return body.pipeThrough(
      new TransformStream({
        transform: (part, controller) => {
          const before = parts.at(-1);
          parts.push(part);
          if (before) controller.enqueue(before);
        },
        flush: async (controller) => {
          const whole = new Response(new Blob(parts), { headers });
          if (!(await this.#isOfVersion(path, whole))) {
            throw new TypeError(`${path} is not of this version`);
          }
          await store?.put(this.#address(path), whole).catch(() => undefined);
          const last = parts.at(-1);
          if (last) controller.enqueue(last);
        },
      }),
    );
  }

  #open(): Promise<Store> {
    return this.context.caches.open(this.#name);
  }

  async #earlier(): Promise<Store[]> {
    const names = await this.context.caches.keys();
    const others = names.filter((it) => it.startsWith(PREFIX) && it !== this.#name);
    return Promise.all(others.map((it) => this.context.caches.open(it)));
  }

  /** Takes a file of the same hash from an earlier version. */
  async #from(stores: readonly Store[], path: string): Promise<Response | undefined> {
    for (const store of stores) {
      const found = await store.match(this.#address(path));
      if (found && (await this.#isOfVersion(path, found))) return found;
    }
    return undefined;
  }

  async #get(path: string): Promise<Response> {
    const response = await this.context.fetch(this.#address(path));
    const isRight = response.ok && (await this.#isOfVersion(path, response));
    if (!isRight) throw new TypeError(`${path} is not of this version`);
    return response;
  }

  async #isOfVersion(path: string, response: Response): Promise<boolean> {
    const bytes = await response.clone().arrayBuffer();
    return (await this.context.sha256(bytes)) === this.context.files[path];
  }

  #address(path: string): string {
    return this.context.scope + path;
  }
}

/** Returns the headers of an answer without those that are about its packed form on the way. */
function headersOfUnpacked(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-encoding', 'content-length']) kept.delete(name);
  return kept;
}
