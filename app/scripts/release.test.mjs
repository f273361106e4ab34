import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { inspect, seal } from './release.mjs';

const SCRIPT = 'assets/app-1.js';
const KEY = 'assets/key.prover';

describe('a sealed app', () => {
  let folder;
  const at = (path) => join(folder, path);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'annona-release-'));
    mkdirSync(at('assets'));
    writeFileSync(at('service-worker.js'), 'const files = "annona-files", of = "annona-version";');
    writeFileSync(at('index.html'), '<p>page</p>'.repeat(100));
    writeFileSync(at(SCRIPT), 'export {};\n'.repeat(100));
    writeFileSync(at(KEY), randomBytes(4_096));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has compressed copies of what gets smaller, and no others', () => {
    seal(folder);
    for (const path of ['index.html', SCRIPT, 'release.json']) {
      const bytes = readFileSync(at(path));
      expect(gunzipSync(readFileSync(at(`${path}.gz`)))).toEqual(bytes);
      expect(brotliDecompressSync(readFileSync(at(`${path}.br`)))).toEqual(bytes);
    }
    expect(existsSync(at(`${KEY}.gz`)) || existsSync(at(`${KEY}.br`))).toBe(false);
  });

  it('has a list and a fingerprint without the copies, also when it is sealed again', () => {
    const fingerprint = seal(folder);
    const list = readFileSync(at('release.json'), 'utf8');
    expect(Object.keys(JSON.parse(list).files)).toEqual(
      [KEY, SCRIPT, 'index.html', 'service-worker.js'].sort(),
    );
    expect(readFileSync(at('service-worker.js'), 'utf8')).not.toMatch(/\.(gz|br)\b/);
    writeFileSync(at('service-worker.js'), 'const files = "annona-files", of = "annona-version";');
    expect(seal(folder)).toBe(fingerprint);
  });

  it('has copies of the files as they are when it is sealed again', () => {
    seal(folder);
    writeFileSync(at('service-worker.js'), 'const files = "annona-files", of = "annona-version";');
    writeFileSync(at(SCRIPT), randomBytes(1_024));
    seal(folder);
    expect(existsSync(at(`${SCRIPT}.gz`)) || existsSync(at(`${SCRIPT}.br`))).toBe(false);
  });

  it('is wrong where a copy unpacks to something else', async () => {
    const fingerprint = seal(folder);
    expect(await inspect(folder)).toEqual({ fingerprint, count: 4, wrong: [] });
    writeFileSync(at(`${SCRIPT}.gz`), gzipSync('another'));
    writeFileSync(at('index.html.br'), 'no brotli');
    expect((await inspect(folder)).wrong.sort()).toEqual([`${SCRIPT}.gz`, 'index.html.br']);
  });
});
