/** Verdict on the promise of a receipt, by the table of docs/spec/relay-receipts.md (RCPT-5). */

import type { ReceiptView } from '../../service/service.ts';
import type { DeviceClaim } from '../claim/claim.ts';

/** Seconds of the chain after which a receipt that may still be judged otherwise is judged again. */
const JUDGE_AGAIN_SECS = 600;

/** Time in which payments were paused; one that goes on has no end. */
export interface Pause {
  from: number;
  to?: number;
}

/** Payees and fee of a payment, addresses in lower case. */
export interface PaymentTerms {
  recipient: string;
  feeRecipient: string;
  fee: bigint;
}

/** Promise of a receipt. Times are seconds of the chain. */
export interface PaymentPromise {
  payment: PaymentTerms;
  root: string;
  takenAt: number;
  deadline: number;
}

/** Evidence of the chain on one promise. */
export interface ReceiptEvidence {
  /** Time of the newest block that was read. */
  now: number;
  /** `R_e` in that block. */
  root: string;
  /** First second in which the epoch cannot be claimed any longer. */
  windowEnds: number;
  paid?: { at: number; payment: PaymentTerms };
  /** Pauses since the claim was taken, in order. */
  pauses: readonly Pause[];
  /** Amount that the epoch pays; none while nobody has opened it. */
  amount?: bigint;
  /** The epoch is not open, and cannot be opened because there is no money for it. */
  isWithoutMoney: boolean;
  /** As many claims as members were paid. */
  isCensusReached: boolean;
  /** The contract or the token refuses a payee. */
  isRecipientRefused: boolean;
}

/** Cause on the chain for which a promise is not held against the service. */
export type Excuse =
  | 'paused'
  | 'root-changed'
  | 'recipient-refused'
  | 'fee-above-amount'
  | 'census-reached'
  | 'no-money';

/** Verdict on a promise. */
export type PromiseVerdict =
  | { kind: 'kept' }
  | { kind: 'open' }
  | { kind: 'late' }
  | { kind: 'paid-otherwise' }
  | { kind: 'excused'; cause: Excuse }
  | { kind: 'refused'; reason: string }
  | { kind: 'broken' };

/** Questions that name the payees to the endpoints, or none that do. */
export type PayeeQuestions = 'ask' | 'do-not-ask';

/** Judgement of a receipt, with the block that it rests on. */
export interface Judgement {
  verdict: PromiseVerdict;
  /** Time of the block with the payment. */
  paidAt?: number;
  blockNumber: number;
  chainSecs: number;
  sources: readonly string[];
  /** Says if the endpoints were asked whether the token refuses the payee. */
  questions: PayeeQuestions;
  /** True once nothing on the chain can change the verdict. */
  isSettled: boolean;
}

/** Returns whether a judgement is one that is held against the service. */
export function needsAttention({ verdict }: Judgement): boolean {
  return ['late', 'broken', 'paid-otherwise'].includes(verdict.kind);
}

/** Returns the receipts of a claim that are to be held against the chain now. */
export function dueReceipts(
  { receipts, state }: DeviceClaim,
  chainSecs: number | undefined,
): readonly ReceiptView[] {
  if (chainSecs === undefined) return [];
  const isDue = ({ receipt, judgement }: DeviceClaim['receipts'][number]) => {
    if (judgement?.isSettled) return false;
    if (state.kind === 'final') return true;
    if (chainSecs <= receipt.deadline) return false;
    return !judgement || chainSecs >= judgement.chainSecs + JUDGE_AGAIN_SECS;
  };
  return receipts.filter(isDue).map(({ receipt }) => receipt);
}

/** Reasons of signed refusals, with the cause that the chain must show for each. */
const CAUSES: Readonly<Record<string, Excuse>> = {
  'invalid-proof': 'root-changed',
  'census-reached': 'census-reached',
  'fee-above-amount': 'fee-above-amount',
  'bad-recipient': 'recipient-refused',
  'transfer-failed': 'recipient-refused',
};

/** Judges a promise; `stated` is the reason that the service signed, if it signed one. */
export function judgePromise(
  promise: PaymentPromise,
  stated: string | undefined,
  evidence: ReceiptEvidence,
): PromiseVerdict {
  const deadline = extendedDeadline(promise, evidence);
  if (evidence.paid) return verdictOnPayment(promise, deadline, evidence.paid);
  const cause = causeOf(promise, evidence);
  const isBorneOut = stated !== undefined && Object.hasOwn(CAUSES, stated) && CAUSES[stated] === cause;
  if (isBorneOut) return { kind: 'refused', reason: stated };
  if (evidence.now <= deadline && evidence.now < evidence.windowEnds) return { kind: 'open' };
  if (cause) return { kind: 'excused', cause };
  return deadline >= evidence.windowEnds ? { kind: 'excused', cause: 'paused' } : { kind: 'broken' };
}

function verdictOnPayment(
  promise: PaymentPromise,
  deadline: number,
  { at, payment }: NonNullable<ReceiptEvidence['paid']>,
): PromiseVerdict {
  if (!isSamePayment(payment, promise.payment)) return { kind: 'paid-otherwise' };
  if (at <= promise.deadline) return { kind: 'kept' };
  return at <= deadline ? { kind: 'excused', cause: 'paused' } : { kind: 'late' };
}

/** Compares two payments; without a fee, its recipient means nothing. */
function isSamePayment(paid: PaymentTerms, promised: PaymentTerms): boolean {
  const isSameFee = paid.fee === promised.fee;
  const isSameTaker = promised.fee === 0n || paid.feeRecipient === promised.feeRecipient;
  return paid.recipient === promised.recipient && isSameFee && isSameTaker;
}

/** Returns the deadline, later by the time in which payments were paused before it. */
function extendedDeadline(
  { takenAt, deadline }: PaymentPromise,
  { pauses, now }: ReceiptEvidence,
): number {
  return pauses.reduce((extended, pause) => {
    const from = Math.max(pause.from, takenAt);
    const pausedSecs = Math.max(0, (pause.to ?? now) - from);
    return from <= extended ? extended + pausedSecs : extended;
  }, deadline);
}

/** Finds the cause for which the claim cannot be paid, as far as the chain shows it. */
function causeOf({ root, payment }: PaymentPromise, evidence: ReceiptEvidence): Excuse | undefined {
  if (evidence.root !== root) return 'root-changed';
  if (evidence.isRecipientRefused) return 'recipient-refused';
  const isFeeTooHigh = evidence.amount !== undefined && payment.fee > evidence.amount;
  if (isFeeTooHigh) return 'fee-above-amount';
  if (evidence.isCensusReached) return 'census-reached';
  return evidence.isWithoutMoney ? 'no-money' : undefined;
}
