// Seals a built app: writes the hashes of its files into the service worker and into
// `release.json`, and prints the fingerprint of that list. The same files give the same list.
// Compressed copies (`.br`, `.gz`) come beside the files that get smaller by it, for hosts that send
// them; they are no files of the list, because a browser unpacks them before anybody sees them.
//
// `node scripts/release.mjs [FOLDER or URL]` prints the fingerprint of a built or of a served app
// after a comparison of every file with the list; `dist` by default.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';

import { ROOT } from './sources.mjs';

const LIST = 'release.json';
const WORKER = 'service-worker.js';
/** Files of the build that no page loads. */
const BUILD_ONLY = new Set(['manifest.files.json']);
/** Places in the service worker that are filled in. */
const FILES_MARK = 'annona-files';
const VERSION_MARK = 'annona-version';

/** Quality of Brotli copies: the highest one takes ten times as long for a few per cent. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
/** Encodings of the copies, by the ends of their names. */
const ENCODINGS = {
  '.br': { compress: (bytes) => brotliCompressSync(bytes, BROTLI), decompress: brotliDecompressSync },
  '.gz': { compress: (bytes) => gzipSync(bytes, { level: 9 }), decompress: gunzipSync },
};
/** A copy is kept if its size is at most this share of the file's. */
const LARGEST_SHARE = 0.9;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Returns the fingerprint of a list: the first 16 bytes of its hash, in eight groups of digits. */
export function fingerprintOf(list) {
  return sha256(list).slice(0, 32).match(/.{4}/g).join(' ');
}

const isCopy = (path) => Object.keys(ENCODINGS).some((ending) => path.endsWith(ending));

/** Returns every file of a folder but compressed copies, sorted, as its path with slashes. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !BUILD_ONLY.has(path) && path !== LIST && !isCopy(path))
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
  for (const path of [...paths, LIST]) writeCopies(join(folder, path));
  return fingerprintOf(text);
}

/** Writes the compressed copies of a file in the place of earlier ones. */
function writeCopies(path) {
  const bytes = readFileSync(path);
  for (const [ending, { compress }] of Object.entries(ENCODINGS)) {
    const copy = compress(bytes);
    if (copy.length <= LARGEST_SHARE * bytes.length) writeFileSync(path + ending, copy);
    else rmSync(path + ending, { force: true });
  }
}

/** Returns the compressed copies of a file in a folder that unpack to something else. */
function wrongCopies(folder, path, bytes) {
  return Object.entries(ENCODINGS)
    .filter(([ending]) => existsSync(join(folder, path + ending)))
    .filter(([ending, { decompress }]) => {
      try {
        return !decompress(readFileSync(join(folder, path + ending))).equals(bytes);
      } catch {
        return true;
      }
    })
    .map(([ending]) => path + ending);
}

const isAddress = (place) => /^https?:/.test(place);

/** Reads the files of a folder or of a served app. */
async function read(place, path) {
  if (!isAddress(place)) return readFileSync(join(place, path));
  const address = new URL(path, place.replace(/\/?$/, '/'));
  const answer = await fetch(address, { signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Compares every file of an app with its list. Returns the fingerprint, or what is wrong. */
export async function inspect(place) {
  const text = await read(place, LIST);
  const { files } = JSON.parse(text);
  const wrong = isAddress(place) ? [] : wrongCopies(place, LIST, text);
  for (const [path, hash] of Object.entries(files)) {
    const bytes = await read(place, path);
    if (sha256(bytes) !== hash) wrong.push(path);
    if (!isAddress(place)) wrong.push(...wrongCopies(place, path, bytes));
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
