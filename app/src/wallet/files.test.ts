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

  it('are refused where they are others however they are fetched', async () => {
    const asked = answering(() => true);
    await expect(loadProver()).rejects.toThrow(WalletError);
    expect(asked).toHaveLength(2);
  });
});
