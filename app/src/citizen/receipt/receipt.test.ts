import { describe, expect, it } from 'vitest';

import { queuedClaim, type DeviceClaim } from '../claim/claim.ts';
import type { ClaimRequest, ReceiptView } from '../../service/service.ts';
import { address, CHAIN, endpoint, FACTS, word, type FakeChain } from '../testing/fakes.ts';
import { OTHER_KEY, signed } from '../testing/signing.ts';
import { answerFault, bindingFault } from './binding.ts';
import { receiptFile, refusalFile } from './file.ts';
import {
  dueReceipts,
  judgePromise,
  type Judgement,
  type PaymentPromise,
  type ReceiptEvidence,
} from './judgement.ts';
import { judgeReceipt } from './judging.ts';
import { signerOf } from './signature.ts';

/** Receipt that the service of a demo gave to `annona citizen claim`, and its deployment. */
const REAL = {
  nullifierHash: '0x19a33e3a014c4eb31f68aa5d984bd49a6a91f7bdca3ece6e481ed7f777a3441b',
  epoch: 3,
  recipient: '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed',
  feeRecipient: '0x0000000000000000000000000000000000000000',
  fee: '0',
  root: '0x1bf87f4db55f55459f0b0a2b29608559fb70ad92849e33b37239a30de0ac51a6',
  takenAt: 1_796_261_702,
  deadline: 1_796_265_302,
  signature:
    '0x9e807b8730e09b2376fcc792abfcdfcb84b881e374d9584e4061b38efcabf86957ec5faadc7ee0d5ab75311e4d5ffc00415b33660730a2a1afe6256a90aac5d71b',
};
const REAL_SCOPE = { chainId: 31_337, distributor: '0xb7f8bc63bbcad18155201308c8f3540b07f84f5e' };
const REAL_SIGNER = '0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc';

const { deployment } = FACTS;
const request: ClaimRequest = {
  epoch: 5,
  nullifierHash: word('a'),
  recipient: address('c'),
  feeRecipient: address('d'),
  fee: '3',
  proof: Array(8).fill(word('1')) as ClaimRequest['proof'],
};
const ROOT = word('5');
const { proof: _, ...terms } = request;
const unsigned = { ...terms, root: ROOT, takenAt: 1_560, deadline: 1_600 };
const RECEIPT = signed(unsigned, deployment);
const refused = { ...terms, root: ROOT, reason: 'census-reached', blockNumber: 60, blockTime: 1_600 };
const asked = { request, root: ROOT };

describe('the signer of a receipt', () => {
  it('is the one that the command line knows', () => {
    expect(signerOf(REAL, REAL_SCOPE)).toBe(REAL_SIGNER);
  });

  it('is another when any field, the chain or the distributor is another', () => {
    const changes: Partial<ReceiptView>[] = [
      { nullifierHash: word('b') },
      { epoch: 4 },
      { recipient: address('1') },
      { feeRecipient: address('1') },
      { fee: '1' },
      { root: word('1') },
      { takenAt: REAL.takenAt - 1 },
      { deadline: REAL.deadline + 1 },
    ];
    for (const change of changes) {
      expect(signerOf({ ...REAL, ...change }, REAL_SCOPE)).not.toBe(REAL_SIGNER);
    }
    expect(signerOf(REAL, { ...REAL_SCOPE, chainId: 1 })).not.toBe(REAL_SIGNER);
    expect(signerOf(REAL, { ...REAL_SCOPE, distributor: address('1') })).not.toBe(REAL_SIGNER);
  });

  it('of the twin in the upper half is nobody', () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(`0x${REAL.signature.slice(66, 130)}`);
    const twin = `${REAL.signature.slice(0, 66)}${(order - s).toString(16).padStart(64, '0')}1c`;
    expect(signerOf({ ...REAL, signature: twin }, REAL_SCOPE)).toBeUndefined();
    for (const end of ['00', '02', '1d', 'ff']) {
      const other = REAL.signature.slice(0, 130) + end;
      expect(signerOf({ ...REAL, signature: other }, REAL_SCOPE)).not.toBe(
        end === '00' ? undefined : REAL_SIGNER,
      );
    }
    expect(signerOf({ ...REAL, signature: `0x${'0'.repeat(130)}` }, REAL_SCOPE)).toBeUndefined();
  });
});

/** Tests RCPT-6. */
describe('a receipt that is kept', () => {
  it('is signed by the deployment’s signer, and is about the claim', async () => {
    expect(await bindingFault(RECEIPT, asked, FACTS)).toBeUndefined();
    expect(await bindingFault(signed(refused, deployment), asked, FACTS)).toBeUndefined();
    const view = { nullifierHash: word('a'), epoch: 5, status: 'queued' as const };
    expect(await answerFault(view, asked, FACTS)).toBeUndefined();
    expect(await answerFault({ ...view, receipt: RECEIPT }, asked, FACTS)).toBeUndefined();
  });

  it('is not one that another key signed, or that promises something else', async () => {
    const denied = signed(unsigned, deployment, OTHER_KEY);
    expect(await bindingFault(denied, asked, FACTS)).toBe('other-signer');
    const elsewhere = signed(unsigned, { ...deployment, chainId: 1 });
    expect(await bindingFault(elsewhere, asked, FACTS)).toBe('other-signer');
    const others = [
      { nullifierHash: word('b') },
      { epoch: 6 },
      { recipient: address('e') },
      { feeRecipient: address('e') },
      { fee: '4' },
      { root: word('6') },
    ];
    for (const other of others) {
      const stated = signed({ ...unsigned, ...other }, deployment);
      expect(await bindingFault(stated, asked, FACTS)).toBe('other-terms');
    }
    const view = { nullifierHash: word('a'), epoch: 5, status: 'rejected' as const };
    const refusal = signed(refused, deployment, OTHER_KEY);
    expect(await answerFault({ ...view, receipt: RECEIPT, refusal }, asked, FACTS)).toBe(
      'other-signer',
    );
  });

  it('is saved with its own fields and no other', () => {
    const file = receiptFile({ ...RECEIPT, more: 1 } as ReceiptView, 1);
    expect(file.name).toBe('annona-receipt-5.json');
    expect(JSON.parse(file.text)).toEqual(RECEIPT);
    const refusal = refusalFile(signed(refused, deployment), 2);
    expect(refusal.name).toBe('annona-receipt-5-2.refusal.json');
    expect(JSON.parse(refusal.text)).toEqual(signed(refused, deployment));
  });
});

const PROMISE: PaymentPromise = {
  payment: { recipient: address('c'), feeRecipient: address('d'), fee: 3n },
  root: ROOT,
  takenAt: 10_000,
  deadline: 11_000,
};
const calm = (now: number, more: Partial<ReceiptEvidence> = {}): ReceiptEvidence => ({
  now,
  root: ROOT,
  windowEnds: 30_000,
  pauses: [],
  amount: 100n,
  isWithoutMoney: false,
  isCensusReached: false,
  isRecipientRefused: false,
  ...more,
});
const paid = (at: number, more: object = {}) => ({ at, payment: { ...PROMISE.payment, ...more } });
const verdict = (evidence: ReceiptEvidence, stated?: string) =>
  judgePromise(PROMISE, stated, evidence);

/** Tests RCPT-5; the cases of `judgement_tests.rs`. */
describe('the verdict on a promise', () => {
  it('counts the moment of the deadline as in time', () => {
    expect(verdict(calm(40_000, { paid: paid(11_000) }))).toEqual({ kind: 'kept' });
    expect(verdict(calm(40_000, { paid: paid(11_001) }))).toEqual({ kind: 'late' });
    expect(verdict(calm(11_000))).toEqual({ kind: 'open' });
    expect(verdict(calm(11_001))).toEqual({ kind: 'broken' });
  });

  it('is later by the pauses that began before the deadline, also one that moved it', () => {
    const pauses = [
      { from: 10_900, to: 12_000 },
      { from: 12_050, to: 13_000 },
    ];
    // 1,100 seconds move the deadline to 12,100, so that the second pause counts as well.
    expect(verdict(calm(13_050, { pauses }))).toEqual({ kind: 'open' });
    expect(verdict(calm(13_051, { pauses }))).toEqual({ kind: 'broken' });
    const inTime = calm(40_000, { pauses, paid: paid(13_050) });
    expect(verdict(inTime)).toEqual({ kind: 'excused', cause: 'paused' });
    expect(verdict(calm(40_000, { pauses, paid: paid(13_051) }))).toEqual({ kind: 'late' });
    const going = [{ from: 10_500 }];
    expect(verdict(calm(29_999, { pauses: going }))).toEqual({ kind: 'open' });
    expect(verdict(calm(30_000, { pauses: going }))).toEqual({ kind: 'excused', cause: 'paused' });
    const after = [{ from: 11_001, to: 20_000 }];
    expect(verdict(calm(20_001, { pauses: after }))).toEqual({ kind: 'broken' });
    const before = [{ from: 9_000, to: 10_100 }];
    expect(verdict(calm(11_100, { pauses: before }))).toEqual({ kind: 'open' });
    expect(verdict(calm(11_101, { pauses: before }))).toEqual({ kind: 'broken' });
  });

  it('excuses a service for what the chain shows, and believes a reason that the chain bears out', () => {
    const cases = [
      ['root-changed', 'invalid-proof', { root: word('6') }],
      ['recipient-refused', 'transfer-failed', { isRecipientRefused: true }],
      ['recipient-refused', 'bad-recipient', { isRecipientRefused: true }],
      ['fee-above-amount', 'fee-above-amount', { amount: 2n }],
      ['census-reached', 'census-reached', { isCensusReached: true }],
    ] as const;
    for (const [cause, reason, seen] of cases) {
      expect(verdict(calm(12_000, seen))).toEqual({ kind: 'excused', cause });
      expect(verdict(calm(10_500, seen))).toEqual({ kind: 'open' });
      expect(verdict(calm(10_500, seen), reason)).toEqual({ kind: 'refused', reason });
      expect(verdict(calm(12_000), reason)).toEqual({ kind: 'broken' });
    }
    const { amount: __, ...unopened } = calm(12_000, { isWithoutMoney: true });
    expect(verdict(unopened)).toEqual({ kind: 'excused', cause: 'no-money' });
    expect(verdict(calm(12_000), 'nullifier-spent')).toEqual({ kind: 'broken' });
    expect(verdict(calm(12_000), 'toString')).toEqual({ kind: 'broken' });
  });

  it('finds another payment than was promised', () => {
    for (const other of [{ recipient: address('9') }, { feeRecipient: address('9') }, { fee: 4n }]) {
      expect(verdict(calm(40_000, { paid: paid(10_500, other) }))).toEqual({
        kind: 'paid-otherwise',
      });
    }
    const free = { ...PROMISE, payment: { ...PROMISE.payment, fee: 0n } };
    const seen = calm(40_000, { paid: paid(10_500, { fee: 0n, feeRecipient: address('9') }) });
    expect(judgePromise(free, undefined, seen)).toEqual({ kind: 'kept' });
  });
});

const claim = (receipts: readonly ReceiptView[], more: Partial<DeviceClaim> = {}): DeviceClaim => ({
  ...queuedClaim(request, ROOT, 1_900),
  receipts: receipts.map((receipt) => ({ service: 'https://a.example/', receipt })),
  ...more,
});
/** Payment in the block of second 1,600. */
const PAID = {
  block: 60,
  epoch: 5,
  nullifierHash: word('a'),
  recipient: address('c'),
  amount: 70n,
  fee: { to: address('d'), amount: 3n },
};
async function judged(chain: Partial<FakeChain>, receipt = RECEIPT, more = {}, requests: string[] = []) {
  const endpoints = [endpoint({ ...CHAIN, ...chain }, 'rpc', requests)];
  const outcome = await judgeReceipt(claim([receipt], more), receipt, FACTS, endpoints, 'ask');
  return outcome.kind === 'judged' ? outcome.judgement : outcome;
}

describe('a receipt held against the chain', () => {
  it('is kept, late, or broken, by the time of the payment’s block', async () => {
    expect(await judged({ payments: [PAID] })).toMatchObject({
      verdict: { kind: 'kept' },
      paidAt: 1_600,
      blockNumber: 75,
      isSettled: false,
    });
    const late = { payments: [{ ...PAID, block: 61 }] };
    expect(await judged(late)).toMatchObject({ verdict: { kind: 'late' } });
    const final = { state: { kind: 'final', transaction: word('f'), blockNumber: 61 } };
    expect(await judged(late, RECEIPT, final)).toMatchObject({ isSettled: true });
    expect(await judged({})).toMatchObject({ verdict: { kind: 'broken' }, isSettled: false });
    expect(await judged({ newest: 90 })).toMatchObject({
      verdict: { kind: 'broken' },
      isSettled: true,
    });
    expect(await judged({ newest: 60 })).toMatchObject({ verdict: { kind: 'open' } });
  });

  it('is excused by the pauses of the distributor alone', async () => {
    const pauses = [
      { block: 58, isBegin: true },
      { block: 70, isBegin: false },
    ];
    const paidAt71 = [{ ...PAID, block: 71 }];
    expect(await judged({ pauses, payments: paidAt71 })).toMatchObject({
      verdict: { kind: 'excused', cause: 'paused' },
    });
    expect(await judged({ payments: paidAt71 })).toMatchObject({ verdict: { kind: 'late' } });
    // A pause that had begun before the claim was taken.
    expect(await judged({ pauses: pauses.slice(1), payments: paidAt71 })).toMatchObject({
      verdict: { kind: 'excused', cause: 'paused' },
    });
    // One that goes on.
    expect(await judged({ pauses: pauses.slice(0, 1) })).toMatchObject({ verdict: { kind: 'open' } });
  });

  it('is excused by what keeps everybody from paying it', async () => {
    const cases = [
      ['root-changed', { root: word('6') }],
      ['census-reached', { memberCount: 4n }],
      ['fee-above-amount', { amount: 2n }],
      ['no-money', { isOpened: false, refusedCalls: ['0xec163f2b'] }],
      ['recipient-refused', { refusedCalls: ['0xa9059cbb'] }],
      ['recipient-refused', { skipped: [{ block: 57, epoch: 5, nullifierHash: word('a'), reason: 1n }] }],
    ] as const;
    for (const [cause, chain] of cases) {
      expect(await judged(chain), cause).toMatchObject({ verdict: { kind: 'excused', cause } });
    }
    const other = [{ block: 57, epoch: 5, nullifierHash: word('a'), reason: 0n }];
    expect(await judged({ skipped: other })).toMatchObject({ verdict: { kind: 'broken' } });
  });

  it('is refused where a signed reason holds, and an unsigned one changes nothing', async () => {
    const refusal = (key?: typeof OTHER_KEY) => ({
      refusals: [{ service: 'https://a.example/', refusal: signed(refused, deployment, key) }],
    });
    const full = { memberCount: 4n };
    expect(await judged(full, RECEIPT, refusal())).toMatchObject({
      verdict: { kind: 'refused', reason: 'census-reached' },
    });
    expect(await judged(full, RECEIPT, refusal(OTHER_KEY))).toMatchObject({
      verdict: { kind: 'excused' },
    });
    expect(await judged({}, RECEIPT, refusal())).toMatchObject({ verdict: { kind: 'broken' } });
  });

  it('is told from one that binds nobody, and is not judged without a chain', async () => {
    const denied = signed(unsigned, deployment, OTHER_KEY);
    expect(await judged({}, denied)).toEqual({ kind: 'binds-nobody' });
    const outcome = await judgeReceipt(claim([RECEIPT]), RECEIPT, FACTS, [], 'ask');
    expect(outcome).toEqual({ kind: 'not-judged', why: 'no-endpoint' });
  });

  it('names neither claim nor payee unless the person asks', async () => {
    const requests: string[] = [];
    const endpoints = [endpoint(CHAIN, 'rpc', requests)];
    await judgeReceipt(claim([RECEIPT]), RECEIPT, FACTS, endpoints, 'do-not-ask');
    const text = requests.join('\n');
    expect(text).not.toContain('a'.repeat(64));
    expect(text).not.toContain('c'.repeat(40));
    await judgeReceipt(claim([RECEIPT]), RECEIPT, FACTS, endpoints, 'ask');
    expect(requests.join('\n')).toContain('c'.repeat(40));
  });

  it('is due when its deadline has passed, and again while the verdict can change', () => {
    const judgement = (chainSecs: number, isSettled: boolean) =>
      ({ verdict: { kind: 'broken' }, chainSecs, isSettled }) as Judgement;
    const at = (secs: number | undefined, made?: Judgement, more = {}) =>
      dueReceipts(
        claim([], {
          receipts: [{ service: 's', receipt: RECEIPT, ...(made && { judgement: made }) }],
          ...more,
        }),
        secs,
      ).length;
    expect([at(undefined), at(1_600), at(1_601)]).toEqual([0, 0, 1]);
    expect([at(1_700, judgement(1_650, false)), at(2_250, judgement(1_650, false))]).toEqual([0, 1]);
    expect(at(9_000, judgement(1_650, true))).toBe(0);
    const final = { state: { kind: 'final', transaction: word('f'), blockNumber: 61 } };
    expect(at(1_590, undefined, final)).toBe(1);
  });
});
