import { describe, expect, it } from 'vitest';

import type { Proof } from '../../wallet/index.ts';
import { PasskeyError, WalletRefusal } from '../../wallet/index.ts';
import type { OwnAccount, SigningWallet } from '../ports.ts';
import { address, word } from '../testing/fakes.ts';
import { Purse } from './purse.svelte.ts';

const QUESTION = { credentialId: new Uint8Array(1), prfInput: new Uint8Array(32) };
const ANSWER: Proof = { kind: 'passkey', prfOutput: new Uint8Array(32).fill(7) };

/** Purse whose wallet gives a key for any proof, or refuses, and notes what it was given. */
function purse(askPasskey: () => Promise<Proof>, refusal?: WalletRefusal) {
  const asked: [Proof, OwnAccount][] = [];
  const wallet = {
    exportKey: async (proof: Proof, account: OwnAccount) => {
      asked.push([proof, account]);
      if (refusal) throw refusal;
      return { address: address('a'), key: word('8') };
    },
  } as unknown as SigningWallet;
  const nothing = () => undefined;
  const context = { wallet, facts: nothing, endpoints: () => [], epochs: () => [], unit: nothing };
  return { purse: new Purse({ ...context, askPasskey }), asked };
}

describe('the key of an account', () => {
  it('is shown to somebody who uses the passkey', async () => {
    const { purse: it, asked } = purse(async () => ANSWER);
    await it.exportByPasskey(QUESTION, 5);
    expect(asked).toEqual([[ANSWER, { kind: 'receive', epoch: 5 }]]);
    expect(it.exported).toEqual({ kind: 'shown', address: address('a'), key: word('8') });
  });

  it('is not asked of the wallet where the passkey is not used', async () => {
    const { purse: it, asked } = purse(() => Promise.reject(new PasskeyError('not-done')));
    await it.exportByPasskey(QUESTION, 'gas');
    expect(asked).toEqual([]);
    expect(it.exported).toEqual({ kind: 'asking', problem: { kind: 'passkey' }, isBusy: false });
  });

  it('does not come onto a page that was left while the passkey was asked', async () => {
    let answer = (_: Proof): void => undefined;
    const { purse: it, asked } = purse(() => new Promise((resolve) => (answer = resolve)));
    const asking = it.exportByPasskey(QUESTION, 'gas');
    it.beginExport();
    answer(ANSWER);
    await asking;
    expect(asked).toEqual([]);
    expect(it.exported).toEqual({ kind: 'asking', isBusy: false });
  });

  it('is asked for once, however often the button is pressed', async () => {
    let questions = 0;
    const { purse: it } = purse(async () => ((questions += 1), ANSWER));
    await Promise.all([it.exportByPasskey(QUESTION, 'gas'), it.exportByPasskey(QUESTION, 'gas')]);
    expect(questions).toBe(1);
  });

  it('that the wallet refuses is told by the reason, and a wrong proof is asked for again', async () => {
    const other = purse(async () => ANSWER, new WalletRefusal({ code: 'passkey-refused' }));
    await other.purse.exportByPasskey(QUESTION, 'gas');
    expect(other.purse.exported).toMatchObject({ kind: 'asking', problem: { kind: 'passkey' } });
    const missing = purse(async () => ANSWER, new WalletRefusal({ code: 'signing-missing' }));
    await missing.purse.exportByPasskey(QUESTION, 'gas');
    expect(missing.purse.exported).toEqual({ kind: 'failed', code: 'signing-missing' });
  });
});
