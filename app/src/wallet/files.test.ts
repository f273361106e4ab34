import { readFileSync } from 'node:fs';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { WalletError } from './failure.ts';
import { loadProver } from './files.ts';

const KEYS = new URL('../../../crates/prover/keys/', import.meta.url);

/** Answers with the files of the repository, changed where the cache mode says so. */
function answering(isDamaged: (cache: RequestCache | undefined) => boolean) {
  const asked: (RequestCache | undefined)[] = [];
  vi.stubGlobal('fetch', async (url: URL, options?: RequestInit) => {
    const name = url.href.endsWith('.prover') ? 'semaphore_30.prover' : 'semaphore_30.witness';
    const bytes = new Uint8Array(readFileSync(new URL(name, KEYS)));
    if (name.endsWith('.prover')) {
      asked.push(options?.cache);
      if (isDamaged(options?.cache)) bytes[bytes.length >> 1]! ^= 1;
    }
    return new Response(bytes);
  });
  return asked;
}

describe('the files of the prover', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('are taken from the cache while their hashes are right', async () => {
    const asked = answering(() => false);
    await loadProver();
    expect(asked).toEqual(['default']);
  });

  it('are fetched anew, past the cache, where the cache holds a damaged one', async () => {
    const asked = answering((cache) => cache !== 'reload');
    await loadProver();
    expect(asked).toEqual(['default', 'reload']);
  });

  it('are reported as they come, byte by byte, up to all of them', async () => {
    const reports: [number, number][] = [];
    answering(() => false);
    const { prover, witness } = await loadProver((...it) => reports.push(it));
    const total = prover.length + witness.length;
    expect(reports.every(([, all]) => all === total)).toBe(true);
    const done = reports.map(([it]) => it);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect([done[0], done.at(-1)]).toEqual([0, total]);
    expect(new Set(done).size).toBeGreaterThan(2);
  });

  it('are never more than all, however large a wrong file is', async () => {
    const reports: [number, number][] = [];
    vi.stubGlobal('fetch', async () => new Response(new Uint8Array(9_000_000)));
    await expect(loadProver((...it) => reports.push(it))).rejects.toThrow(WalletError);
    expect(reports.every(([done, total]) => done <= total)).toBe(true);
  });

  it('are refused where they are others however they are fetched', async () => {
    const asked = answering(() => true);
    await expect(loadProver()).rejects.toThrow(WalletError);
    expect(asked).toHaveLength(2);
  });
});
