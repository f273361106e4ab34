/** The way through sending, one question a page: whom, how much, a look at all of it, and done. */

import { parseRecipient, type RecipientProblem } from './address.ts';
import { COIN_DECIMALS } from './coin.ts';
import { parseAmount, type AmountProblem, type Plan, type PlanOutcome, type PlanStop } from './plan.ts';

/** Purpose of a transfer: tokens to somebody, all tokens of the own accounts, or the chain's coin. */
export type SendPurpose = 'send' | 'sweep' | 'coin';

/** State of sending. */
export type SendFlow =
  | { kind: 'whom'; purpose: SendPurpose; problem?: RecipientProblem }
  | { kind: 'how-much'; purpose: 'send' | 'coin'; to: string; problem?: AmountProblem }
  /** Holdings, prices and gas are read. */
  | { kind: 'planning'; purpose: SendPurpose; to: string; amount: bigint | 'all' }
  | { kind: 'check'; purpose: SendPurpose; plan: Plan }
  | { kind: 'signing'; purpose: SendPurpose; plan: Plan }
  | { kind: 'stopped'; purpose: SendPurpose; stop: SendStop }
  | { kind: 'sent'; id: string };

/** Reason for which nothing was sent. */
export type SendStop =
  | PlanStop
  | { kind: 'chain'; why: 'no-endpoint' | 'no-answer' | 'disagreement' }
  /** Another transfer has not come into a block yet. */
  | { kind: 'under-way' }
  /** The contract would refuse the transaction, and its gas would be lost. */
  | { kind: 'would-fail' }
  /** Another transaction in its place was asked for, and it is in a block already. */
  | { kind: 'settled' }
  /** Another tab, or a block, has changed it meanwhile. */
  | { kind: 'changed' }
  /** As many transactions as are kept were signed in its place. */
  | { kind: 'too-often' }
  | { kind: 'wallet'; code: string };

/** Event of sending. */
export type SendEvent =
  | { kind: 'address-written'; text: string }
  | { kind: 'amount-written'; text: string }
  | { kind: 'all-wanted' }
  | { kind: 'planned'; outcome: PlanOutcome }
  | { kind: 'confirmed' }
  | { kind: 'signed'; id: string }
  | { kind: 'failed'; stop: SendStop }
  | { kind: 'back' };

/** Facts that a written answer is read by. */
export interface SendFacts {
  /** Addresses that keep for ever what they are sent. */
  losing: readonly string[];
  /** Decimal places of the token's amounts. */
  decimals: number;
}

/** Begins to send. */
export function beginSending(purpose: SendPurpose): SendFlow {
  return { kind: 'whom', purpose };
}

/**
 * Returns the state after an event; none where the person goes back to where they came from. An
 * event that does not belong to the state changes nothing.
 */
export function afterSendEvent(
  flow: SendFlow,
  event: SendEvent,
  facts: SendFacts,
): SendFlow | undefined {
  switch (event.kind) {
    case 'address-written':
      return flow.kind === 'whom' ? afterAddress(flow.purpose, event.text, facts) : flow;
    case 'amount-written': {
      if (flow.kind !== 'how-much') return flow;
      const { purpose, to } = flow;
      const decimals = purpose === 'coin' ? COIN_DECIMALS : facts.decimals;
      const read = parseAmount(event.text, decimals);
      return 'problem' in read
        ? { kind: 'how-much', purpose, to, problem: read.problem }
        : { kind: 'planning', purpose, to, amount: read.units };
    }
    case 'all-wanted':
      return flow.kind === 'how-much' && flow.purpose === 'coin'
        ? { kind: 'planning', purpose: 'coin', to: flow.to, amount: 'all' }
        : flow;
    case 'planned': {
      if (flow.kind !== 'planning') return flow;
      const { purpose } = flow;
      const { outcome } = event;
      return outcome.kind === 'plan'
        ? { kind: 'check', purpose, plan: outcome.plan }
        : { kind: 'stopped', purpose, stop: outcome.stop };
    }
    case 'confirmed':
      return flow.kind === 'check' ? { ...flow, kind: 'signing' } : flow;
    case 'signed':
      return flow.kind === 'signing' ? { kind: 'sent', id: event.id } : flow;
    case 'failed':
      return flow.kind === 'planning' || flow.kind === 'signing'
        ? { kind: 'stopped', purpose: flow.purpose, stop: event.stop }
        : flow;
    case 'back':
      return before(flow);
  }
}

function afterAddress(purpose: SendPurpose, text: string, { losing }: SendFacts): SendFlow {
  const read = parseRecipient(text, losing);
  if ('problem' in read) return { kind: 'whom', purpose, problem: read.problem };
  const to = read.address;
  return purpose === 'sweep'
    ? { kind: 'planning', purpose, to, amount: 'all' }
    : { kind: 'how-much', purpose, to };
}

/** Returns the page before. What is being signed cannot be called back. */
function before(flow: SendFlow): SendFlow | undefined {
  switch (flow.kind) {
    case 'whom':
    case 'sent':
      return undefined;
    case 'signing':
      return flow;
    case 'how-much':
    case 'planning':
    case 'check':
    case 'stopped':
      return { kind: 'whom', purpose: flow.purpose };
  }
}
