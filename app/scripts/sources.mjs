// Files of `src`, and the modules that each imports.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'src');

/** Returns every TypeScript and Svelte file of `src` with its text, its path relative to `src`. */
export function sources() {
  return readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((path) => ({
      path: relative(SOURCES, path).replaceAll('\\', '/'),
      text: readFileSync(path, 'utf8'),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]|new URL\(\s*['"]([^'"]+)['"]/g;

/** Returns the specifiers that a file imports, those of `src` relative to `src`. */
export function imports({ path, text }) {
  return [...text.matchAll(IMPORT)]
    .map((match) => (match[1] ?? match[2]).split('?')[0])
    .map((specifier) =>
      specifier.startsWith('.') ? join(dirname(path), specifier).replaceAll('\\', '/') : specifier,
    );
}
