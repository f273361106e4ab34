import { describe, expect, it } from 'vitest';

import { address, word } from '../testing/fakes.ts';
import { afterSeeing, newTransfer, stepsToSend, type SeenTransfer } from './transfer.ts';

const step = (digit: string, nonce: number) => ({
  raw: `0x${digit}`,
  hash: word(digit),
  from: address('d'),
  nonce,
});
const STEPS = [step('a', 3), step('b', 4)];
const SENT = newTransfer({ purpose: 'send', to: address('e'), amount: '7', epochs: [5] }, STEPS);
const receipt = (digit: string, blockNumber: number, isDone = true) => ({
  transactionHash: word(digit),
  blockNumber,
  isDone,
});
const seen = (more: Partial<SeenTransfer>): SeenTransfer => ({
  receipts: [undefined, undefined],
  counts: [3, 3],
  newestBlock: 100,
  confirmations: 12,
  ...more,
});

describe('a transfer', () => {
  it('is sent until every step is in a block, and final when all are deep', () => {
    expect(SENT).toMatchObject({ id: word('b'), state: { kind: 'sending' } });
    expect(stepsToSend(SENT, [undefined, undefined])).toEqual(STEPS);
    const half = afterSeeing(SENT, seen({ receipts: [receipt('a', 90), undefined] }));
    expect(half).toBe(SENT);
    expect(stepsToSend(half, [receipt('a', 90), undefined])).toEqual([STEPS[1]]);
    const receipts = [receipt('a', 90), receipt('b', 92)];
    const mined = afterSeeing(SENT, seen({ receipts }));
    expect(mined.state).toEqual({ kind: 'mined', blockNumber: 92 });
    expect(stepsToSend(mined, receipts)).toEqual([]);
    expect(afterSeeing(mined, seen({ receipts, newestBlock: 103 }))).toBe(mined);
    const final = afterSeeing(mined, seen({ receipts, newestBlock: 104, counts: [5, 5] }));
    expect(final.state).toEqual({ kind: 'final', blockNumber: 92 });
    expect(afterSeeing(final, seen({}))).toBe(final);
  });

  it('that a reorg took away is sent again', () => {
    const receipts = [receipt('a', 90), receipt('b', 92)];
    const mined = afterSeeing(SENT, seen({ receipts }));
    const away = afterSeeing(mined, seen({ receipts: [receipt('a', 90), undefined] }));
    expect(away.state).toEqual({ kind: 'sending' });
    expect(stepsToSend(away, [receipt('a', 90), undefined])).toEqual([STEPS[1]]);
  });

  it('has failed when a deep block says so, and not before', () => {
    const receipts = [receipt('a', 90), receipt('b', 95, false)];
    expect(afterSeeing(SENT, seen({ receipts }))).toBe(SENT);
    const failed = afterSeeing(SENT, seen({ receipts, newestBlock: 107, counts: [5, 5] }));
    expect(failed.state).toEqual({ kind: 'failed', why: 'reverted' });
    expect(stepsToSend(failed, receipts)).toEqual([]);
  });

  it('was overtaken when its number is used up, finally, by another transaction', () => {
    const overtaken = afterSeeing(SENT, seen({ receipts: [receipt('a', 80), undefined], counts: [5, 5] }));
    expect(overtaken.state).toEqual({ kind: 'failed', why: 'overtaken' });
    const own = afterSeeing(SENT, seen({ receipts: [receipt('a', 80), undefined], counts: [4, 4] }));
    expect(own.state).toEqual({ kind: 'sending' });
  });
});
