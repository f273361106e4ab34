import type { MessageKey } from '../../messages/catalogue.ts';
import {
  codeOf,
  PROBLEM_TEXTS,
  textOf,
  type ProblemCode,
  type ServiceFailure,
} from '../../service/problems.ts';
import { FAILURE_TEXTS } from '../identity/failures.ts';
import type { NotChecked } from '../present/present.ts';
import type { ClaimState, DeviceClaim } from './claim.ts';
import type { ClaimStop } from './claiming.ts';

/** Returns the texts for the state of a claim: in a few words, and what it means. */
export function stateTexts(state: ClaimState): { short: MessageKey; long: MessageKey } {
  switch (state.kind) {
    case 'queued':
      return { short: 'claim.state-queued', long: 'payment.queued-text' };
    case 'sent':
      switch (state.status) {
        case 'queued':
          return { short: 'claim.state-sent', long: 'payment.sent-text' };
        case 'batched':
        case 'submitted':
          return { short: 'claim.state-batched', long: 'payment.batched-text' };
        case 'mined':
        case 'final':
          return { short: 'claim.state-told', long: 'payment.told-text' };
      }
    // fallthrough is impossible: every status returns.
    case 'paid':
      return { short: 'claim.state-paid', long: 'payment.paid-text' };
    case 'final':
      return { short: 'claim.state-final', long: 'payment.final-text' };
    case 'refused':
      return { short: 'claim.state-refused', long: refusalText(state.reason) };
    case 'missed':
      return { short: 'claim.state-missed', long: 'problem.window-over' };
  }
}

/** Returns the text for a claim in a few words, by its state and what its receipts tell. */
export function shortText({ state, receipts }: DeviceClaim): MessageKey {
  const isOtherwise = receipts.some((it) => it.judgement?.verdict.kind === 'paid-otherwise');
  return isOtherwise ? 'receipt.otherwise-title' : stateTexts(state).short;
}

/** Returns whether a service is said to be at work on a claim, and to have paid nothing yet. */
export function isUnderWay(state: ClaimState): boolean {
  return state.kind === 'sent' && !['mined', 'final'].includes(state.status);
}

/** Texts after which the app tries again by itself, in the place of those that ask the person to. */
const WAITING_TEXTS: Partial<Record<MessageKey, MessageKey>> = {
  'problem.payments-paused': 'waiting.payments-paused',
  'problem.busy': 'waiting.busy',
  'problem.service-fault': 'waiting.service-fault',
  'problem.membership-not-synced': 'waiting.membership-not-synced',
  'problem.chain-unavailable': 'waiting.chain-unavailable',
};

/** Returns the text for a failure after which the app tries again by itself. */
export function waitingText(failure: ServiceFailure): MessageKey {
  const text = textOf(failure);
  return WAITING_TEXTS[text] ?? text;
}

/** Texts for reasons that signed refusals name and the codes of the API do not. */
const SIGNED_REASONS: Readonly<Record<string, MessageKey>> = {
  'invalid-proof': 'problem.proof-invalid',
  'epoch-not-open': 'problem.window-over',
  'transfer-failed': 'problem.bad-recipient',
};

/** Returns the text for the reason of a refusal. */
export function refusalText(reason: string): MessageKey {
  const isProblem = Object.hasOwn(PROBLEM_TEXTS, reason);
  if (isProblem) return PROBLEM_TEXTS[reason as ProblemCode];
  return Object.hasOwn(SIGNED_REASONS, reason)
    ? (SIGNED_REASONS[reason] ?? 'problem.unknown')
    : 'problem.unknown';
}

/** Returns the code for the reason of a refusal, which a service writes; only those known are shown. */
export function reasonCode(reason: string): string {
  const isKnown = Object.hasOwn(PROBLEM_TEXTS, reason) || Object.hasOwn(SIGNED_REASONS, reason);
  return isKnown ? reason : 'unknown-reason';
}

/** Texts for a claim that was not made because the chain's list is not known. */
const CHAIN_TEXTS = {
  'no-endpoint': 'stop.no-endpoint',
  'no-answer': 'stop.chain-silent',
  disagreement: 'stop.chain-disagrees',
} as const satisfies Record<NotChecked, MessageKey>;

/** Returns the text for a claim that was not made. */
export function stopText(stop: ClaimStop): MessageKey {
  switch (stop.kind) {
    case 'not-in-the-list':
      return 'stop.not-in-the-list';
    case 'other-root':
      return 'stop.other-root';
    case 'too-few-leaves':
      return 'stop.too-few-leaves';
    case 'chain':
      return CHAIN_TEXTS[stop.why];
    case 'service':
      return textOf(stop.failure);
    case 'wallet':
      return walletText(stop.code);
  }
}

/** Returns the code for a claim that was not made. */
export function stopCode(stop: ClaimStop): string {
  switch (stop.kind) {
    case 'not-in-the-list':
    case 'other-root':
    case 'too-few-leaves':
      return stop.kind;
    case 'chain':
      return chainCode(stop.why);
    case 'service':
      return codeOf(stop.failure);
    case 'wallet':
      return stop.code;
  }
}

/** Returns the code for something that was not read from the chain. */
export const chainCode = (why: NotChecked): string => `chain-${why}`;

/** Returns whether the text for a claim that was not made asks for another service. */
export function asksForAnotherService(stop: ClaimStop): boolean {
  if (stop.kind === 'wallet') return stop.code === 'other-deployment';
  return stop.kind === 'other-root' || stop.kind === 'too-few-leaves';
}

/** Returns the text for a refusal of the wallet on the way to a payment. */
export function walletText(code: string): MessageKey {
  const isFailure = Object.hasOwn(FAILURE_TEXTS, code);
  return isFailure ? FAILURE_TEXTS[code as keyof typeof FAILURE_TEXTS] : 'failure.internal';
}
