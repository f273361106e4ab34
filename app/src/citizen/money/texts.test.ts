import { describe, expect, it } from 'vitest';

import { titleOf, transferTexts } from './texts.ts';
import type { Transfer } from './transfer.ts';

const BLOCK = { blockNumber: 7 };

function transfer(state: object, more: object = {}): Transfer {
  const steps = [{ isCancelling: false, earlier: [] }];
  return { purpose: 'send', steps, state, ...more } as unknown as Transfer;
}
const calledOff = { steps: [{ isCancelling: true, earlier: [] }] };

describe('the texts of a transfer', () => {
  it('say in the title what has become of it', () => {
    expect(titleOf(transfer({ kind: 'sending' }))).toBe('send.sending');
    expect(titleOf(transfer({ kind: 'final', ...BLOCK }))).toBe('send.done');
    expect(titleOf(transfer({ kind: 'mined', ...BLOCK }, { purpose: 'sweep' }))).toBe('sweep.done');
    expect(titleOf(transfer({ kind: 'failed', why: 'reverted' }))).toBe('transfer.title');
    expect(titleOf(transfer({ kind: 'sending' }, { purpose: 'claim' }))).toBe('transfer.claim');
  });

  it('do not call it done where it was to be called off', () => {
    const late = { short: 'transfer.too-late-title', long: 'transfer.too-late' };
    expect(transferTexts(transfer({ kind: 'final', ...BLOCK }, calledOff))).toEqual(late);
    expect(transferTexts(transfer({ kind: 'mined', ...BLOCK }, calledOff))).toEqual(late);
    expect(transferTexts(transfer({ kind: 'final', ...BLOCK })).short).toBe('transfer.final');
  });
});
