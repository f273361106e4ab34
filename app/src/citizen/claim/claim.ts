/**
 * Life of one claim on the device: queued, sent to a relay, paid, final. Plain transitions; the
 * queue (`queue.ts`) stores each state before it acts on it.
 */

import type { Payment } from '../../chain/payments.ts';
import type { ProblemCode, ServiceFailure } from '../../service/problems.ts';
import type { ClaimRequest, ClaimView, ReceiptView, RefusalView } from '../../service/service.ts';
import type { Checked } from '../present/present.ts';
import { needsAttention, type Judgement } from '../receipt/judgement.ts';

/** Seconds between two questions about a claim that a relay has. */
const ASK_AGAIN_SECS = 15;
/** Wait after every relay of the list has failed once; it doubles with each round. */
const FIRST_ROUND_WAIT_SECS = 30;
const LONGEST_WAIT_SECS = 900;

/** State of a claim. */
export type ClaimState =
  /** On this device only. `notBeforeMs` is of the device's clock. */
  | { kind: 'queued'; notBeforeMs: number; lastFailure?: ServiceFailure }
  /** A relay has it and has promised or will say what becomes of it. */
  | { kind: 'sent'; service: string; status: RelayStatus; notBeforeMs: number; transaction?: string }
  /** In a block that a reorg could take away. */
  | ({ kind: 'paid' } & SeenPayment)
  | ({ kind: 'final' } & SeenPayment)
  /** Not paid. `canRenew` says whether a new proof or another recipient may be. */
  | { kind: 'refused'; reason: string; canRenew: boolean }
  | { kind: 'missed' };

/** Payment as this device has seen it. */
export interface SeenPayment {
  transaction: string;
  blockNumber: number;
  /** Reading of the chain that showed it so; claims of earlier versions have none. */
  evidence?: Checked;
}

/** Statuses of a claim at a relay before it is settled. */
export type RelayStatus = 'queued' | 'batched' | 'submitted' | 'mined' | 'final';

/** Receipt that binds, with the relay that gave it. */
export interface KeptReceipt {
  service: string;
  receipt: ReceiptView;
  /** Last judgement by the chain; none before the deadline. */
  judgement?: Judgement;
}

/** Claim on the device, with all that is kept about it. */
export interface DeviceClaim {
  /** Name of the claim, and its key in the storage. */
  nullifierHash: string;
  epoch: number;
  request: ClaimRequest;
  /** Root that the proof was made against. */
  root: string;
  /** First second, by the chain, in which the epoch is not claimable any longer. */
  windowEnd: number;
  /** Sendings that failed; the next goes to the next relay of the list. */
  failures: number;
  state: ClaimState;
  /** Every receipt, with the relay that gave it, and how it was judged; never thrown away. */
  receipts: readonly KeptReceipt[];
  refusals: readonly { service: string; refusal: RefusalView }[];
}

/** Makes the claim of a proof. */
export function queuedClaim(request: ClaimRequest, root: string, windowEnd: number): DeviceClaim {
  return {
    nullifierHash: request.nullifierHash,
    epoch: request.epoch,
    request,
    root,
    windowEnd,
    failures: 0,
    state: { kind: 'queued', notBeforeMs: 0 },
    receipts: [],
    refusals: [],
  };
}

/** Present of the two clocks. */
export interface Now {
  /** The device's clock, for waits. */
  deviceMs: number;
  /** The chain's clock, for windows and deadlines; none while no endpoint has answered. */
  chainSecs: number | undefined;
}

/** Next thing to do about a claim. */
export type ClaimAction =
  | { kind: 'send'; service: string }
  | { kind: 'ask'; service: string }
  | { kind: 'wait'; untilMs: number }
  | { kind: 'none' };

/** Says what to do about a claim. Relays are taken in turn, from the one after the last failure. */
export function nextAction(
  { state, failures }: DeviceClaim,
  services: readonly string[],
  now: Now,
): ClaimAction {
  if (state.kind !== 'queued' && state.kind !== 'sent') return { kind: 'none' };
  // From here on the chain tells, and the relay is not asked (IDENT-10).
  if (state.kind === 'sent' && (state.status === 'mined' || state.status === 'final')) {
    return { kind: 'none' };
  }
  if (now.deviceMs < state.notBeforeMs) return { kind: 'wait', untilMs: state.notBeforeMs };
  if (state.kind === 'sent') return { kind: 'ask', service: state.service };
  const service = services[failures % Math.max(1, services.length)];
  return service === undefined ? { kind: 'none' } : { kind: 'send', service };
}

/**
 * Returns a claim after a relay has answered about it (`isAbout`), with a receipt and a refusal
 * that bind if it carries any (`answerFault`).
 */
export function afterAnswer(
  claim: DeviceClaim,
  service: string,
  view: ClaimView,
  now: Now,
): DeviceClaim {
  const kept = keep(claim, service, view);
  if (view.status === 'rejected') {
    return { ...kept, state: { kind: 'refused', reason: view.reason ?? 'unknown', canRenew: true } };
  }
  const transaction = view.transactionHash ? { transaction: view.transactionHash } : {};
  return {
    ...kept,
    state: {
      kind: 'sent',
      service,
      status: view.status,
      notBeforeMs: now.deviceMs + 1_000 * ASK_AGAIN_SECS,
      ...transaction,
    },
  };
}

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Returns whether an answer is about a claim. Its receipt and refusal are not looked at. */
export function isAbout({ nullifierHash, epoch }: ClaimView, asked: ClaimRequest): boolean {
  return isSame(nullifierHash, asked.nullifierHash) && epoch === asked.epoch;
}

/** Adds receipt and refusal of an answer, each once. */
function keep(claim: DeviceClaim, service: string, { receipt, refusal }: ClaimView): DeviceClaim {
  const { receipts, refusals } = claim;
  const isNewReceipt =
    receipt && !receipts.some((it) => it.receipt.signature === receipt.signature);
  const isNewRefusal =
    refusal && !refusals.some((it) => it.refusal.signature === refusal.signature);
  return {
    ...claim,
    receipts: isNewReceipt ? [...receipts, { service, receipt }] : receipts,
    refusals: isNewRefusal ? [...refusals, { service, refusal }] : refusals,
  };
}

/** Refusals after which this proof is worth nothing, though a new one may be. */
const NEEDS_ANOTHER_PROOF: ReadonlySet<ProblemCode> = new Set([
  'claim-proof-invalid',
  'bad-recipient',
  'fee-above-amount',
  'malformed-field',
  'not-canonical',
  'proof-coordinate-out-of-range',
  'proof-not-in-group',
]);

/** Refusals that no proof changes. */
const IS_OVER: ReadonlySet<ProblemCode> = new Set([
  'census-reached',
  'epoch-without-members',
  'nullifier-already-claimed',
  'nullifier-spent',
]);

/** Returns a claim after a relay gave no answer about it, or refused it. */
export function afterFailure(
  claim: DeviceClaim,
  failure: ServiceFailure,
  serviceCount: number,
  now: Now,
): DeviceClaim {
  if (failure.kind === 'problem') {
    if (failure.code === 'claim-window-over') return { ...claim, state: { kind: 'missed' } };
    if (NEEDS_ANOTHER_PROOF.has(failure.code) || IS_OVER.has(failure.code)) {
      const canRenew = NEEDS_ANOTHER_PROOF.has(failure.code);
      return { ...claim, state: { kind: 'refused', reason: failure.code, canRenew } };
    }
  }
  if (claim.state.kind === 'sent') return afterSilence(claim, claim.state, failure, now);
  const failures = claim.failures + 1;
  const rounds = Math.floor(failures / Math.max(1, serviceCount));
  const isRoundOver = failures % Math.max(1, serviceCount) === 0;
  const roundWaitSecs = isRoundOver
    ? Math.min(LONGEST_WAIT_SECS, FIRST_ROUND_WAIT_SECS * 2 ** Math.min(rounds - 1, 10))
    : 0;
  const askedSecs = isRoundOver && 'retryAfterSecs' in failure ? (failure.retryAfterSecs ?? 0) : 0;
  const waitMs = 1_000 * Math.max(roundWaitSecs, askedSecs);
  return {
    ...claim,
    failures,
    state: { kind: 'queued', notBeforeMs: now.deviceMs + waitMs, lastFailure: failure },
  };
}

/** A relay that has the claim is asked again; one that has forgotten it, or lies, loses it. */
function afterSilence(
  claim: DeviceClaim,
  state: ClaimState & { kind: 'sent' },
  failure: ServiceFailure,
  now: Now,
): DeviceClaim {
  const isForgotten = failure.kind === 'problem' && failure.code === 'claim-unknown';
  if (isForgotten || failure.kind === 'binds-nobody') return passOn(claim, failure, now);
  const waitSecs = ('retryAfterSecs' in failure ? failure.retryAfterSecs : undefined) ?? 0;
  const notBeforeMs = now.deviceMs + 1_000 * Math.max(ASK_AGAIN_SECS, waitSecs);
  return { ...claim, state: { ...state, notBeforeMs } };
}

function passOn(claim: DeviceClaim, lastFailure: ServiceFailure | undefined, now: Now): DeviceClaim {
  return {
    ...claim,
    failures: claim.failures + 1,
    state: { kind: 'queued', notBeforeMs: now.deviceMs, ...(lastFailure && { lastFailure }) },
  };
}

/** Returns a claim after the network is back: one that reached no relay waits no longer. */
export function afterReconnecting(claim: DeviceClaim, now: Now): DeviceClaim {
  const { state } = claim;
  const isCutOff = state.kind === 'queued' && state.lastFailure?.kind === 'unreachable';
  if (!isCutOff || state.notBeforeMs <= now.deviceMs) return claim;
  return { ...claim, state: { ...state, notBeforeMs: now.deviceMs } };
}

/**
 * Returns a claim after time has passed: missed when its window is over, and back in the queue,
 * for the next relay, when a receipt's deadline has passed without a payment. The receipt stays,
 * as evidence against the relay that gave it.
 */
export function afterTime(claim: DeviceClaim, now: Now): DeviceClaim {
  const { state, windowEnd } = claim;
  if (now.chainSecs === undefined) return claim;
  if (state.kind === 'queued' && now.chainSecs >= windowEnd) {
    return { ...claim, state: { kind: 'missed' } };
  }
  if (state.kind !== 'sent') return claim;
  const promise = claim.receipts.find(({ service }) => service === state.service)?.receipt;
  const deadline = promise?.deadline ?? windowEnd;
  return now.chainSecs > deadline ? passOn(claim, undefined, now) : claim;
}

/** Part of the chain that was read for payments. */
export interface SeenPayments {
  payments: readonly Payment[];
  newestBlock: number;
  confirmations: number;
  /** Endpoints that showed it. */
  sources: readonly string[];
}

/**
 * Returns a claim after the payments of everybody were read. The chain alone says what is paid;
 * a payment that a reorg took away puts the claim back in the queue.
 */
export function afterReading(claim: DeviceClaim, seen: SeenPayments): DeviceClaim {
  const { state } = claim;
  if (state.kind === 'final') return claim;
  const payment = seen.payments.find(
    ({ epoch, nullifierHash }) =>
      epoch === claim.epoch && nullifierHash === claim.nullifierHash.toLowerCase(),
  );
  if (!payment) {
    return state.kind === 'paid' ? { ...claim, state: { kind: 'queued', notBeforeMs: 0 } } : claim;
  }
  const isFinal = payment.blockNumber + seen.confirmations <= seen.newestBlock;
  const { transactionHash: transaction, blockNumber } = payment;
  const evidence = { kind: 'checked', blockNumber: seen.newestBlock, sources: seen.sources } as const;
  const kind = isFinal ? 'final' : 'paid';
  return { ...claim, state: { kind, transaction, blockNumber, evidence } };
}

/** Returns whether a payment of one of the claims can still come, or be taken away by a reorg. */
export function canCome(claims: readonly DeviceClaim[]): boolean {
  return claims.some(({ state }) => ['queued', 'sent', 'paid'].includes(state.kind));
}

/**
 * Returns the receipts that were not kept: judged so by the chain, or, where it was not read, with
 * a deadline that has passed while nothing is known to be paid.
 */
export function brokenReceipts(claim: DeviceClaim, chainSecs: number): readonly KeptReceipt[] {
  const isPaid = claim.state.kind === 'paid' || claim.state.kind === 'final';
  return claim.receipts.filter(({ receipt, judgement }) =>
    judgement ? needsAttention(judgement) : !isPaid && receipt.deadline < chainSecs,
  );
}

/** Returns a claim after its receipts were judged; the judgements are named by their signatures. */
export function afterJudging(
  claim: DeviceClaim,
  judgements: ReadonlyMap<string, Judgement>,
): DeviceClaim {
  const receipts = claim.receipts.map((kept) => {
    const judgement = judgements.get(kept.receipt.signature);
    return judgement ? { ...kept, judgement } : kept;
  });
  return { ...claim, receipts };
}

/** Returns the epochs that can be claimed now and of which there is no claim, oldest first. */
export function openEpochs(
  claims: readonly DeviceClaim[],
  range: { first: number; oldestClaimable: number; current: number },
): number[] {
  const claimed = new Set(
    claims.filter(({ state }) => !(state.kind === 'refused' && state.canRenew)).map((it) => it.epoch),
  );
  const from = Math.max(range.first, range.oldestClaimable);
  const count = Math.max(0, range.current - from + 1);
  return Array.from({ length: count }, (_, index) => from + index).filter((it) => !claimed.has(it));
}
