import { describe, expect, it } from 'vitest';

import { queuedClaim, type DeviceClaim } from '../claim/claim.ts';
import { address, CHAIN, endpoint, FACTS, word } from '../testing/fakes.ts';
import { OTHER_KEY, RECEIPT_KEY, signed } from '../testing/signing.ts';
import { checkClaim } from './check.ts';

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

/** Checks a claim against a chain, and tells each verdict with its reason. */
async function check(checked: DeviceClaim, chain: object) {
  const { results } = await checkClaim(checked, FACTS, [endpoint({ ...CHAIN, ...chain })]);
  return Object.fromEntries(results.map(({ name, verdict, reason }) => [name, [verdict, reason]]));
}

describe('checks of a payment', () => {
  it('pass when root, receipt and payment are as they were said to be', async () => {
    expect(await check(claim(), { payments: [PAID] })).toEqual({
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
    const { results, evidence } = await checkClaim(claim(), FACTS, []);
    expect(results.map(({ verdict }) => verdict)).toEqual(Array(3).fill('not-checked'));
    expect(evidence).toEqual({ kind: 'not-checked', why: 'no-endpoint' });
    const elsewhere = endpoint({ ...CHAIN, chainId: 1, payments: [PAID] });
    expect((await checkClaim(claim(), FACTS, [elsewhere])).results).toMatchObject(
      Array(3).fill({ verdict: 'not-checked', reason: 'no-answer' }),
    );
    const liar = endpoint({ ...CHAIN, payments: [] }, 'liar');
    const honest = endpoint({ ...CHAIN, payments: [PAID] });
    expect((await checkClaim(claim(), FACTS, [honest, liar])).results).toMatchObject(
      Array(3).fill({ verdict: 'not-checked', reason: 'disagreement' }),
    );
  });
});
