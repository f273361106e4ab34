import type { MessageKey } from '../../messages/catalogue.ts';
import type { KeptReceipt } from '../claim/claim.ts';
import { refusalText } from '../claim/texts.ts';
import type { Excuse, PromiseVerdict } from './judgement.ts';

/** Text for each verdict on a promise. */
export const VERDICT_ON_PROMISE_TEXTS = {
  kept: 'promise.kept',
  open: 'promise.open',
  late: 'promise.late',
  'paid-otherwise': 'promise.paid-otherwise',
  excused: 'promise.excused',
  refused: 'promise.refused',
  broken: 'promise.broken',
} as const satisfies Record<PromiseVerdict['kind'], MessageKey>;

/** Text for each cause that the chain shows. */
const CAUSE_TEXTS = {
  paused: 'cause.paused',
  'root-changed': 'cause.root-changed',
  'recipient-refused': 'cause.recipient-refused',
  'fee-above-amount': 'cause.fee-above-amount',
  'census-reached': 'cause.census-reached',
  'no-money': 'cause.no-money',
} as const satisfies Record<Excuse, MessageKey>;

/** Returns whether a payment was made, and not in the way that its receipt promised. */
export function isPaidOtherwise({ judgement }: KeptReceipt): boolean {
  return judgement?.verdict.kind === 'paid-otherwise';
}

/** Returns the text for the cause or the reason in a verdict, where it has one. */
export function causeText(verdict: PromiseVerdict | undefined): MessageKey | undefined {
  if (verdict?.kind === 'excused') return CAUSE_TEXTS[verdict.cause];
  return verdict?.kind === 'refused' ? refusalText(verdict.reason) : undefined;
}
