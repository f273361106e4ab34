import { afterEach, describe, expect, it, vi } from 'vitest';

import { WalletError } from './failure.ts';
import { loadModule, loadProver } from './files.ts';
import { FROZEN } from './testing/identity.ts';
import { Device } from './testing/surroundings.ts';
import { wordsOfSecret } from './words.ts';

vi.mock('./signing.ts', () => {
  throw new TypeError('the chunk did not come');
});

const failureOf = async (call: Promise<unknown>) =>
  call.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WalletError ? error.failure : error),
  );

describe('a part of the wallet that does not come', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is named: the prover, or the module', async () => {
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    expect(await failureOf(loadProver())).toEqual({ code: 'files-missing' });
    expect(await failureOf(loadModule())).toEqual({ code: 'module-missing' });
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    expect(await failureOf(loadModule())).toEqual({ code: 'module-missing' });
  });

  it('is named where it is the code that signs, and no PIN is counted as wrong', async () => {
    const wallet = await new Device().tab();
    const pin = '271828';
    const card = wordsOfSecret(FROZEN.secret).join(' ');
    await wallet.restore({ card, pin }, () => undefined);
    const account = { kind: 'gas' } as const;
    const proof = { kind: 'pin', pin: '271829' } as const;
    for (let tries = 0; tries < 5; tries += 1) {
      expect(await failureOf(wallet.exportKey({ proof, account }))).toEqual({
        code: 'signing-missing',
      });
    }
    expect(await failureOf(wallet.gasAddress())).toEqual({ code: 'signing-missing' });
    expect(await wallet.status()).toMatchObject({ waitSecs: 0 });
  });
});
