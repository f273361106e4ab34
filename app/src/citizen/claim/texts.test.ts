import { describe, expect, it } from 'vitest';

import type { DeviceClaim } from './claim.ts';
import { asksForAnotherService, isUnderWay, shortText, stateTexts, waitingText } from './texts.ts';

const FINAL = { kind: 'final', transaction: '0x01', blockNumber: 7 } as const;

/** Makes a claim as far as its texts depend on it. */
function paidWith(kind: string): DeviceClaim {
  return { state: FINAL, receipts: [{ judgement: { verdict: { kind } } }] } as unknown as DeviceClaim;
}

describe('the texts of a claim', () => {
  it('do not call a payment paid that was paid otherwise than promised', () => {
    expect(shortText(paidWith('paid-otherwise'))).toBe('receipt.otherwise-title');
    expect(shortText(paidWith('kept'))).toBe(stateTexts(FINAL).short);
  });

  it('ask for no other try where the app tries again by itself', () => {
    expect(waitingText({ kind: 'problem', code: 'payments-paused' })).toBe('waiting.payments-paused');
    expect(waitingText({ kind: 'unreachable' })).toBe('problem.unreachable');
  });

  it('tell a service at work from one that says it has paid', () => {
    const sent = { kind: 'sent', service: 'https://a.example/', notBeforeMs: 0 } as const;
    expect(isUnderWay({ ...sent, status: 'queued' })).toBe(true);
    expect(isUnderWay({ ...sent, status: 'submitted' })).toBe(true);
    expect(isUnderWay({ ...sent, status: 'mined' })).toBe(false);
    expect(isUnderWay(FINAL)).toBe(false);
  });

  it('lead to other services where they ask for one', () => {
    expect(asksForAnotherService({ kind: 'other-root' })).toBe(true);
    expect(asksForAnotherService({ kind: 'wallet', code: 'other-deployment' })).toBe(true);
    expect(asksForAnotherService({ kind: 'not-in-the-list' })).toBe(false);
  });
});
