import { describe, expect, it, vi } from 'vitest';

import { queuedClaim } from '../claim/claim.ts';
import { address, CHAIN, endpoint, FACTS, word } from '../testing/fakes.ts';
import { canChange, checkClaim } from './check.ts';

// The chunk with the code that reads signatures does not come.
vi.mock('../receipt/signature.ts', async (original) => {
  const { signerOf: _, ...rest } = await original<typeof import('../receipt/signature.ts')>();
  return rest;
});

describe('a part of the app that does not come', () => {
  it('leaves a receipt unchecked, to be looked at again, and the other checks as they are', async () => {
    const terms = {
      epoch: 5,
      nullifierHash: word('a'),
      recipient: address('c'),
      feeRecipient: address('0'),
      fee: '0',
    };
    const root = word('5');
    const receipt = { ...terms, root, takenAt: 1_500, deadline: 1_560, signature: '0x00' };
    const claim = {
      ...queuedClaim({ ...terms, proof: Array(8).fill(word('1')) as never }, root, 1_900),
      receipts: [{ service: 'https://a.example/', receipt }],
    };
    const paid = { block: 56, epoch: 5, nullifierHash: word('a'), recipient: address('c'), amount: 70n };
    const checks = await checkClaim(claim, FACTS, [endpoint({ ...CHAIN, payments: [paid] })], async () => ({ kind: 'absent' }));
    expect(checks.results.map(({ name, verdict, reason }) => [name, verdict, reason])).toEqual([
      ['inclusion', 'not-checked', 'inclusion-absent'],
      ['root', 'pass', 'root-same'],
      ['receipt', 'not-checked', 'part-missing'],
      ['payment', 'pass', 'payment-right'],
    ]);
    expect(canChange(checks)).toBe(true);
  });
});
