import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { seal } from '../../../scripts/release.mjs';
import { checkRelease, type ReleaseCheck, type ReleaseContext } from './release.ts';

const FILES = {
  'index.html': '<p>page</p>',
  'icon.svg': '<svg/>',
  'service-worker.js': 'read("annona-files", "annona-version")',
  'manifest.files.json': '{}',
};
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'annona-release-'));
  for (const [path, text] of Object.entries(FILES)) writeFileSync(join(folder, path), text);
});
afterEach(() => rmSync(folder, { recursive: true }));

const context: ReleaseContext = {
  read: async (path) => new Uint8Array(readFileSync(join(folder, path))).buffer,
  sha256: async (bytes) =>
    new Uint8Array(createHash('sha256').update(new Uint8Array(bytes)).digest()),
};
const check = (around: ReleaseContext = context, states: ReleaseCheck[] = []) =>
  checkRelease(around, (state) => states.push(state));

describe('the app’s own files', () => {
  it('are those of the list, whose fingerprint is the one that the build prints', async () => {
    const printed = seal(folder);
    const states: ReleaseCheck[] = [];
    const checked = await check(context, states);
    expect(checked).toEqual({
      kind: 'checked',
      fingerprint: printed,
      count: 3,
      wrong: [],
      missing: [],
    });
    expect(printed).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
    expect(states.at(-1)).toEqual({ kind: 'reading', done: 2, total: 3 });
  });

  it('have the same fingerprint when they are the same, and another when one is not', () => {
    const copy = mkdtempSync(join(tmpdir(), 'annona-release-'));
    cpSync(folder, copy, { recursive: true });
    const printed = seal(folder);
    expect(seal(copy)).toBe(printed);
    const changed = mkdtempSync(join(tmpdir(), 'annona-release-'));
    for (const [path, text] of Object.entries(FILES)) {
      writeFileSync(join(changed, path), path === 'icon.svg' ? '<svg />' : text);
    }
    expect(seal(changed)).not.toBe(printed);
    for (const it of [copy, changed]) rmSync(it, { recursive: true });
  });

  it('are written into the service worker, all but itself', () => {
    seal(folder);
    const worker = readFileSync(join(folder, 'service-worker.js'), 'utf8');
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const list = ['icon.svg', 'index.html']
      .map((path) => `${path} ${hash(FILES[path as keyof typeof FILES])}`)
      .join(',');
    expect(worker).toBe(`read("${list}", "${hash(list)}")`);
    expect(() => seal(folder)).toThrow('not once');
  });

  it('that were changed afterwards are found, here and by the command', async () => {
    seal(folder);
    writeFileSync(join(folder, 'index.html'), '<p>Page</p>');
    rmSync(join(folder, 'icon.svg'));
    expect(await check()).toMatchObject({ wrong: ['index.html'], missing: ['icon.svg'] });
    writeFileSync(join(folder, 'icon.svg'), FILES['icon.svg']);
    const script = new URL('../../../scripts/release.mjs', import.meta.url).pathname;
    const run = () => execFileSync('node', [script, folder], { stdio: 'pipe' }).toString();
    expect(run).toThrow('index.html is another file');
    writeFileSync(join(folder, 'index.html'), FILES['index.html']);
    expect(run()).toContain('3 files, 0 wrong');
  });

  it('have no list in development, or one that leads elsewhere', async () => {
    expect(await check()).toEqual({ kind: 'no-list' });
    const hash = '0'.repeat(64);
    const lists: unknown[] = [
      [],
      { files: {} },
      { files: { 'index.html': 'x' } },
      { files: { '../x': hash } },
      { files: { '//other.example/x': hash } },
      { files: { 'https://other.example/x': hash } },
    ];
    for (const list of lists) {
      writeFileSync(join(folder, 'release.json'), JSON.stringify(list));
      expect(await check(), JSON.stringify(list)).toEqual({ kind: 'no-list' });
    }
  });
});
