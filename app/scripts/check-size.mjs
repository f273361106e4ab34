// Prints the gzipped JavaScript that the citizen's door loads before anything can be seen, and
// fails above the limit. The wallet's worker and whatever a page loads later count separately.

import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// A phone on a slow connection sees the first page late by what comes here without need: a page
// behind a button is a chunk of its own (`citizen/Inside.svelte`).
const FIRST_LOAD_LIMIT_BYTES = 110_000;
const SITE = new URL('../dist/', import.meta.url);

const manifest = JSON.parse(readFileSync(new URL('manifest.files.json', SITE), 'utf8'));

/** Adds the file of an entry and of all that it imports at once. */
function collect(key, files = new Set()) {
  const entry = manifest[key];
  if (!entry || files.has(entry.file)) return files;
  files.add(entry.file);
  for (const imported of entry.imports ?? []) collect(imported, files);
  return files;
}

const gzipped = (file) => gzipSync(readFileSync(new URL(file, SITE)), { level: 9 }).length;

// The texts of one language come with the first load; the longest of them counts.
const texts = Object.entries(manifest)
  .filter(([key]) => /^src\/messages\/[a-z]+\.json$/.test(key))
  .map(([, entry]) => entry.file)
  .filter((file) => existsSync(new URL(file, SITE)))
  .map(gzipped);
const code = [...collect('src/citizen/main.ts', collect('index.html'))].filter((file) => file.endsWith('.js'));
const total = code.map(gzipped).reduce((sum, size) => sum + size, 0) + Math.max(0, ...texts);

console.log(`first load: ${(total / 1000).toFixed(1)} kB of JavaScript, gzipped`);
console.log(`  limit ${FIRST_LOAD_LIMIT_BYTES / 1000} kB; ${code.length} files and one language`);
if (code.length < 2 || total > FIRST_LOAD_LIMIT_BYTES) {
  console.error('first load: no code found, or more than the limit');
  process.exit(1);
}
