// Seals a built app: writes the hashes of its files into the service worker and into
// `release.json`, and prints the fingerprint of that list. The same files give the same list.
//
// `node scripts/release.mjs [FOLDER or URL]` prints the fingerprint of a built or of a served app
// after a comparison of every file with the list; `dist` by default.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ROOT } from './sources.mjs';

const LIST = 'release.json';
const WORKER = 'service-worker.js';
/** Files of the build that no page loads. */
const BUILD_ONLY = new Set(['manifest.files.json']);
/** Places in the service worker that are filled in. */
const FILES_MARK = 'annona-files';
const VERSION_MARK = 'annona-version';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Returns the fingerprint of a list: the first 16 bytes of its hash, in eight groups of digits. */
export function fingerprintOf(list) {
  return sha256(list).slice(0, 32).match(/.{4}/g).join(' ');
}

/** Returns every file of a folder, sorted, as its path with slashes. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !BUILD_ONLY.has(path) && path !== LIST)
    .sort();
}

/** Seals the files of a folder. Returns the fingerprint. */
export function seal(folder) {
  const hashOf = (path) => sha256(readFileSync(join(folder, path)));
  const paths = filesOf(folder);
  const kept = paths.filter((path) => path !== WORKER);
  if (kept.some((path) => /[ ,'"`\\$]/.test(path))) throw new Error('a path has a sign of the list');
  const list = kept.map((path) => `${path} ${hashOf(path)}`).join(',');
  const worker = readFileSync(join(folder, WORKER), 'utf8');
  for (const mark of [FILES_MARK, VERSION_MARK]) {
    if (worker.split(mark).length !== 2) throw new Error(`${WORKER} has ${mark} not once`);
  }
  const filled = worker.replace(FILES_MARK, list).replace(VERSION_MARK, sha256(list));
  writeFileSync(join(folder, WORKER), filled);
  const files = Object.fromEntries(paths.map((path) => [path, hashOf(path)]));
  const text = `${JSON.stringify({ release: 1, files }, undefined, 1)}\n`;
  writeFileSync(join(folder, LIST), text);
  return fingerprintOf(text);
}

/** Reads the files of a folder or of a served app. */
async function read(place, path) {
  if (!/^https?:/.test(place)) return readFileSync(join(place, path));
  const address = new URL(path, place.replace(/\/?$/, '/'));
  const answer = await fetch(address, { signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Compares every file of an app with its list. Returns the fingerprint, or what is wrong. */
async function inspect(place) {
  const text = await read(place, LIST);
  const { files } = JSON.parse(text);
  const wrong = [];
  for (const [path, hash] of Object.entries(files)) {
    if (sha256(await read(place, path)) !== hash) wrong.push(path);
  }
  return { fingerprint: fingerprintOf(text), count: Object.keys(files).length, wrong };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const place = process.argv[2] ?? join(ROOT, 'dist');
  const { fingerprint, count, wrong } = await inspect(place);
  for (const path of wrong) console.error(`${path} is another file than the list has`);
  console.log(`${count} files, ${wrong.length} wrong; fingerprint ${fingerprint}`);
  process.exit(wrong.length === 0 ? 0 : 1);
}
