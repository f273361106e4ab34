/** The way through sending, one question a page: whom, how much, a look at all of it, and done. */

import { parseRecipient, type RecipientProblem } from './address.ts';
import { parseAmount, type AmountProblem, type Plan, type PlanOutcome, type PlanStop } from './plan.ts';

/** Purpose of a transfer: an amount to somebody, or all that is on the own accounts. */
export type SendPurpose = 'send' | 'sweep';

/** State of sending. */
export type SendFlow =
  | { kind: 'whom'; purpose: SendPurpose; problem?: RecipientProblem }
  | { kind: 'how-much'; to: string; problem?: AmountProblem }
  /** Holdings, prices and gas are read. */
  | { kind: 'planning'; purpose: SendPurpose; to: string; amount?: bigint }
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
  | { kind: 'wallet'; code: string };

/** Event of sending. */
export type SendEvent =
  | { kind: 'address-written'; text: string }
  | { kind: 'amount-written'; text: string }
  | { kind: 'planned'; outcome: PlanOutcome }
  | { kind: 'confirmed' }
  | { kind: 'signed'; id: string }
  | { kind: 'failed'; stop: SendStop }
  | { kind: 'back' };

/** Facts that a written answer is read by. */
export interface SendFacts {
  /** Addresses that keep for ever what they are sent. */
  losing: readonly string[];
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
      const { to } = flow;
      const read = parseAmount(event.text, facts.decimals);
      return 'problem' in read
        ? { kind: 'how-much', to, problem: read.problem }
        : { kind: 'planning', purpose: 'send', to, amount: read.units };
    }
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
  return purpose === 'send' ? { kind: 'how-much', to } : { kind: 'planning', purpose, to };
}

/** Returns the page before. What is being signed cannot be called back. */
function before(flow: SendFlow): SendFlow | undefined {
  switch (flow.kind) {
    case 'whom':
    case 'sent':
      return undefined;
    case 'how-much':
      return { kind: 'whom', purpose: 'send' };
    case 'signing':
      return flow;
    case 'planning':
    case 'check':
    case 'stopped':
      return { kind: 'whom', purpose: flow.purpose };
  }
}
