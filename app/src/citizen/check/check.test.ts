import { describe, expect, it } from 'vitest';

import { queuedClaim, type DeviceClaim } from '../claim/claim.ts';
import { address, CHAIN, endpoint, FACTS, word } from '../testing/fakes.ts';
import { OTHER_KEY, RECEIPT_KEY, signed } from '../testing/signing.ts';
import type { PathOutcome } from '../../tree/tree.ts';
import { checkClaim, checkPlace, type FindPlace } from './check.ts';

const terms = {
  epoch: 5,
  nullifierHash: word('A'),
  recipient: address('c'),
  feeRecipient: address('0'),
  fee: '0',
};
const receipt = (deadline: number, key = RECEIPT_KEY) => ({
  service: 'https://a.example/',
  receipt: signed({ ...terms, root: word('5'), takenAt: 1_500, deadline }, FACTS.deployment, key),
});
const claim = (more: Partial<DeviceClaim> = {}): DeviceClaim => ({
  ...queuedClaim(
    {
      ...terms,
      proof: Array(8).fill(word('1')) as DeviceClaim['request']['proof'],
    },
    word('5'),
    1_900,
  ),
  receipts: [receipt(1_560)],
  ...more,
});
/** Payment in the block of second 1,560. */
const PAID = { block: 56, epoch: 5, nullifierHash: word('a'), recipient: address('c'), amount: 70n };

/** Way that leads to a root. */
const pathTo = (root: string): PathOutcome => ({
  kind: 'found',
  path: { leafIndex: 3, siblings: [], root },
});
const findPlace: FindPlace = async () => pathTo(word('5'));

/** Checks a claim against a chain, and tells each verdict with its reason. */
async function check(checked: DeviceClaim, chain: object) {
  const endpoints = [endpoint({ ...CHAIN, ...chain })];
  const { results } = await checkClaim(checked, FACTS, endpoints, findPlace);
  return Object.fromEntries(results.map(({ name, verdict, reason }) => [name, [verdict, reason]]));
}

/** Checks the place in the present list, with the outcome of a search for it. */
async function placeWith(outcome: PathOutcome, chain: object = {}) {
  const endpoints = [endpoint({ ...CHAIN, ...chain })];
  return (await checkPlace(FACTS, endpoints, async () => outcome)).results;
}

describe('checks of a payment', () => {
  it('pass when root, receipt and payment are as they were said to be', async () => {
    expect(await check(claim(), { payments: [PAID] })).toEqual({
      inclusion: ['pass', 'inclusion-shown'],
      root: ['pass', 'root-same'],
      receipt: ['pass', 'receipt-kept'],
      payment: ['pass', 'payment-right'],
    });
  });

  it('fail where the chain shows something else', async () => {
    const other = await check(claim(), {
      root: word('4'),
      payments: [{ ...PAID, recipient: address('d') }],
    });
    expect(other['root']).toEqual(['fail', 'root-other']);
    expect(other['inclusion']).toEqual(['fail', 'inclusion-other-root']);
    expect(other['payment']).toEqual(['fail', 'payment-other-recipient']);
    const less = await check(claim(), { payments: [{ ...PAID, amount: 69n }] });
    expect(less['payment']).toEqual(['fail', 'payment-other-amount']);
    const late = await check(claim({ receipts: [receipt(1_559)] }), { payments: [PAID] });
    expect(late['receipt']).toEqual(['fail', 'receipt-late']);
  });

  it('tell a payment that can still come from one that cannot', async () => {
    const unsigned = await check(claim({ receipts: [receipt(1_560, OTHER_KEY)] }), {
      payments: [PAID],
    });
    expect(unsigned['receipt']).toEqual(['fail', 'receipt-unsigned']);
    const open = await check(claim({ receipts: [receipt(1_750)] }), {});
    expect(open['receipt']).toEqual(['not-checked', 'receipt-open']);
    expect(open['payment']).toEqual(['not-checked', 'payment-none-yet']);
    const broken = await check(claim({ receipts: [receipt(1_749)], windowEnd: 1_750 }), {});
    expect(broken['receipt']).toEqual(['fail', 'receipt-broken']);
    expect(broken['payment']).toEqual(['fail', 'payment-none']);
    const none = await check(claim({ receipts: [] }), { payments: [PAID] });
    expect(none['receipt']).toEqual(['not-checked', 'no-receipt']);
  });

  it('that were not made are not passed', async () => {
    const { results, evidence } = await checkClaim(claim(), FACTS, [], findPlace);
    expect(results.map(({ verdict }) => verdict)).toEqual(Array(4).fill('not-checked'));
    expect(evidence).toEqual({ kind: 'not-checked', why: 'no-endpoint' });
    const elsewhere = endpoint({ ...CHAIN, chainId: 1, payments: [PAID] });
    expect((await checkClaim(claim(), FACTS, [elsewhere], findPlace)).results).toMatchObject(
      Array(4).fill({ verdict: 'not-checked', reason: 'no-answer' }),
    );
    const liar = endpoint({ ...CHAIN, payments: [] }, 'liar');
    const honest = endpoint({ ...CHAIN, payments: [PAID] });
    expect((await checkClaim(claim(), FACTS, [honest, liar], findPlace)).results).toMatchObject(
      Array(4).fill({ verdict: 'not-checked', reason: 'disagreement' }),
    );
  });
});

describe('a check of the place in the list', () => {
  const reasonOf = async (outcome: PathOutcome) =>
    (await placeWith(outcome)).map(({ name, verdict, reason }) => [name, verdict, reason]);

  it('passes only where the way leads to the root that the chain has for the epoch', async () => {
    expect(await placeWith(pathTo(word('5')))).toEqual([
      { name: 'inclusion', verdict: 'pass', reason: 'inclusion-shown', leafIndex: 3 },
    ]);
    expect(await reasonOf(pathTo(word('4')))).toEqual([
      ['inclusion', 'fail', 'inclusion-other-root'],
    ]);
    const other = await placeWith(pathTo(word('5')), { root: word('6') });
    expect(other).toMatchObject([{ verdict: 'fail', reason: 'inclusion-other-root' }]);
  });

  it('tells a list that is wrong from one that shows nothing', async () => {
    expect(await reasonOf({ kind: 'too-few-leaves' })).toEqual([
      ['inclusion', 'fail', 'inclusion-too-few-leaves'],
    ]);
    expect(await reasonOf({ kind: 'absent' })).toEqual([
      ['inclusion', 'not-checked', 'inclusion-absent'],
    ]);
    expect(await reasonOf({ kind: 'failure', failure: { kind: 'unreachable' } })).toEqual([
      ['inclusion', 'not-checked', 'inclusion-no-list'],
    ]);
    expect(await placeWith(pathTo(word('5')), { newest: 0, genesis: 2_000 })).toMatchObject([
      { verdict: 'not-checked', reason: 'inclusion-too-early' },
    ]);
  });

  it('asks no service before the chain has said how many members there are', async () => {
    const asked: unknown[] = [];
    const asking: FindPlace = async (...question) => {
      asked.push(question);
      return pathTo(word('5'));
    };
    const { results, evidence } = await checkPlace(FACTS, [], asking);
    expect(results).toEqual([{ name: 'inclusion', verdict: 'not-checked', reason: 'no-endpoint' }]);
    expect(evidence).toEqual({ kind: 'not-checked', why: 'no-endpoint' });
    await checkPlace(FACTS, [endpoint({ ...CHAIN, chainId: 1 })], asking);
    expect(asked).toEqual([]);
    await checkPlace(FACTS, [endpoint()], asking);
    await checkClaim(claim(), FACTS, [endpoint()], asking);
    expect(asked).toEqual([
      [7, 12],
      [5, 12],
    ]);
  });
});
