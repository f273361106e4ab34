import { describe, expect, it } from 'vitest';

import { address, word } from '../testing/fakes.ts';
import {
  afterSeeing,
  isCalledOff,
  isSettledTransfer,
  newStep,
  newTransfer,
  replacedStep,
  stepsToSend,
  versionsOf,
  type SeenTransfer,
  type StepOrder,
} from './transfer.ts';

const RPC = 'https://rpc.example/';
/** Evidence of a reading in a block. */
const readIn = (blockNumber: number) => ({
  evidence: { kind: 'checked', blockNumber, sources: [RPC] },
});
const order = (amount: string): StepOrder => ({
  account: { kind: 'gas' },
  action: { kind: 'coin', to: address('e'), amount },
  terms: { nonce: 3, gasLimit: 21_000, maxFeePerGas: '2', maxPriorityFeePerGas: '1' },
});
const signed = (digit: string, nonce: number) => ({
  raw: `0x${digit}`,
  hash: word(digit),
  from: address('d'),
  nonce,
});
const step = (digit: string, nonce: number, amount = '7') =>
  newStep(signed(digit, nonce), order(amount));
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
  sources: [RPC],
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
    expect(mined.state).toEqual({ kind: 'mined', blockNumber: 92, ...readIn(100) });
    expect(stepsToSend(mined, receipts)).toEqual([]);
    expect(afterSeeing(mined, seen({ receipts, newestBlock: 103 }))).toBe(mined);
    const final = afterSeeing(mined, seen({ receipts, newestBlock: 104, counts: [5, 5] }));
    expect(final.state).toEqual({ kind: 'final', blockNumber: 92, ...readIn(104) });
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
    expect(failed.state).toEqual({ kind: 'failed', why: 'reverted', ...readIn(107) });
    expect(stepsToSend(failed, receipts)).toEqual([]);
  });

  it('was overtaken when its number is used up, finally, by another transaction', () => {
    const overtaken = afterSeeing(SENT, seen({ receipts: [receipt('a', 80), undefined], counts: [5, 5] }));
    expect(overtaken.state).toEqual({ kind: 'failed', why: 'overtaken', ...readIn(100) });
    const own = afterSeeing(SENT, seen({ receipts: [receipt('a', 80), undefined], counts: [4, 4] }));
    expect(own.state).toEqual({ kind: 'sending' });
  });
});

describe('a transfer with another transaction in its place', () => {
  const ABOUT = { purpose: 'coin', to: address('e'), amount: '7', epochs: [] } as const;
  const raised = newTransfer({ ...ABOUT, amount: '6' }, [
    replacedStep(step('a', 3), signed('b', 3), { order: order('6'), isCancelling: false }),
  ]);
  const calledOff = newTransfer(ABOUT, [
    replacedStep(step('a', 3), signed('c', 3), { order: order('0'), isCancelling: true }),
  ]);
  const one = (digit: string, block: number) =>
    seen({ receipts: [receipt(digit, block)], counts: [4] });

  it('sends the newest and knows all of them', () => {
    expect(stepsToSend(raised, [undefined]).map(({ raw }) => raw)).toEqual(['0xb']);
    expect(versionsOf(raised.steps[0]!).map(({ hash }) => hash)).toEqual([word('b'), word('a')]);
    const again = replacedStep(raised.steps[0]!, signed('f', 3), {
      order: order('6'),
      isCancelling: false,
    });
    expect(versionsOf(again).map(({ hash }) => hash)).toEqual([word('f'), word('b'), word('a')]);
  });

  it('is done by whichever of them is in a block, with the amount of that one', () => {
    const byNew = afterSeeing(raised, one('b', 80));
    expect(byNew).toMatchObject({ amount: '6', state: { kind: 'final', blockNumber: 80 } });
    const byOld = afterSeeing(raised, one('a', 95));
    expect(byOld).toMatchObject({ amount: '7', state: { kind: 'mined', blockNumber: 95 } });
    expect(stepsToSend(byOld, [receipt('a', 95)])).toEqual([]);
  });

  it('is called off when the empty one is in a block, and finally when that is deep', () => {
    expect(isCalledOff(calledOff)).toBe(true);
    const mined = afterSeeing(calledOff, one('c', 95));
    expect(mined.state).toEqual({
      kind: 'cancelled',
      blockNumber: 95,
      isFinal: false,
      ...readIn(100),
    });
    expect(isSettledTransfer(mined)).toBe(false);
    expect(mined.amount).toBe('7');
    const away = afterSeeing(mined, seen({ receipts: [undefined], counts: [3] }));
    expect(away.state).toEqual({ kind: 'sending' });
    const final = afterSeeing(mined, { ...one('c', 95), newestBlock: 107 });
    expect(final.state).toEqual({
      kind: 'cancelled',
      blockNumber: 95,
      isFinal: true,
      ...readIn(107),
    });
    expect(isSettledTransfer(final)).toBe(true);
  });

  it('that was called off too late is done all the same', () => {
    const late = afterSeeing(calledOff, one('a', 80));
    expect(late.state).toEqual({ kind: 'final', blockNumber: 80, ...readIn(100) });
  });

  it('is called off in part where one of its steps was faster', () => {
    const both = newTransfer(ABOUT, [step('f', 2), ...calledOff.steps]);
    const receipts = [receipt('f', 80), receipt('c', 82)];
    expect(afterSeeing(both, seen({ receipts })).state).toEqual({
      kind: 'cancelled',
      blockNumber: 82,
      isFinal: true,
      ...readIn(100),
    });
  });
});
