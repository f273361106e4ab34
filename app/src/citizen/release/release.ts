/**
 * The app's own files held against the list that was published with them. A page cannot prove
 * itself: the host that sends it could send one that always finds everything right. What a person
 * can compare, on another device and with what was published, is the fingerprint of the list.
 */

import { toHex } from '../../bytes/bytes.ts';

/** List of the files of a release, as `scripts/release.mjs` writes it. */
const LIST = 'release.json';
/** Bytes of the list's hash that a person compares. */
const FINGERPRINT_BYTES = 16;
/** Most files that a list may have. */
const MAX_FILES = 500;

/** State of the check. */
export type ReleaseCheck =
  | { kind: 'reading'; done: number; total: number }
  /** There is no list: a development server, or a host that does not have it. */
  | { kind: 'no-list' }
  | {
      kind: 'checked';
      /** Groups of four hexadecimal digits. */
      fingerprint: string;
      count: number;
      /** Files that are others than the list has. */
      wrong: readonly string[];
      /** Files that could not be read, as without a network. */
      missing: readonly string[];
    };

/** Surroundings of the check. */
export interface ReleaseContext {
  /** Reads one of the app's own files by its path. */
  read: (path: string) => Promise<ArrayBuffer>;
  sha256: (bytes: ArrayBuffer) => Promise<Uint8Array>;
}

/** Reads the app's own files as the browser gives them to this page. */
export const OWN_FILES: ReleaseContext = {
  read: async (path) => {
    const answer = await fetch(new URL(path, document.baseURI), {
      signal: AbortSignal.timeout(60_000),
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.arrayBuffer();
  },
  sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
};

/** Reads each file of the list and compares it. */
export async function checkRelease(
  { read, sha256 }: ReleaseContext,
  onState: (state: ReleaseCheck) => void,
): Promise<ReleaseCheck> {
  onState({ kind: 'reading', done: 0, total: 1 });
  const list = await read(LIST).catch(() => undefined);
  const files = list && readList(new TextDecoder().decode(list));
  if (!list || !files) return { kind: 'no-list' };
  const wrong: string[] = [];
  const missing: string[] = [];
  for (const [index, [path, hash]] of files.entries()) {
    onState({ kind: 'reading', done: index, total: files.length });
    const bytes = await read(path).catch(() => undefined);
    if (!bytes) missing.push(path);
    else if (toHex(await sha256(bytes)) !== hash) wrong.push(path);
  }
  const fingerprint = fingerprintOf(await sha256(list));
  return { kind: 'checked', fingerprint, count: files.length, wrong, missing };
}

/** Writes the fingerprint of a list by its hash. */
function fingerprintOf(hash: Uint8Array): string {
  return (toHex(hash.subarray(0, FINGERPRINT_BYTES)).match(/.{4}/g) ?? []).join(' ');
}

/** Reads paths and hashes of a list; paths lead nowhere else. */
function readList(text: string): [path: string, hash: string][] | undefined {
  let fields: unknown;
  try {
    fields = (JSON.parse(text) as { files?: unknown }).files;
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const files = Object.entries(fields) as [string, unknown][];
  const areFiles = files.every(
    ([path, hash]) =>
      /^[A-Za-z0-9_-][A-Za-z0-9_./-]*$/.test(path) &&
      !path.includes('..') &&
      typeof hash === 'string' &&
      /^[0-9a-f]{64}$/.test(hash),
  );
  const isList = areFiles && files.length > 0 && files.length <= MAX_FILES;
  return isList ? (files as [string, string][]) : undefined;
}
