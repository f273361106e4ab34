/**
 * Ways through everything that concerns the identity on this device: making it, opening it,
 * restoring it, its PIN, its passkey and its recovery card. Plain transitions; the door
 * (`door.svelte.ts`) carries the effects out and tells their outcomes.
 */

import {
  pinProblem,
  type CardProblem,
  type PasskeyProblem,
  type PinProblem,
  type Proof,
  type RecoveryCard,
  type StepReport,
  type WalletFailure,
  type WalletStatus,
} from '../../wallet/index.ts';
import {
  beforeCopy,
  copyTransition,
  isNewPhone,
  type CopyEffect,
  type CopyEvent,
  type CopyState,
} from '../copy/copy.ts';

/** Task for which the person proves to be there. */
export type Task =
  | 'unlock'
  | 'show-card'
  | 'change-pin'
  | 'add-passkey'
  | 'remove-passkey'
  | 'give-copy';

/** Purpose of a PIN that is being chosen. */
export type Origin =
  | { kind: 'new' }
  | { kind: 'card'; card: string }
  /** The secret that another device has just given. */
  | { kind: 'copy' }
  | { kind: 'change'; proof: Proof };

/** Reason for which a proof was not taken. */
export type ProofProblem =
  | { kind: 'wrong-pin'; waitSecs: number }
  | { kind: 'must-wait'; waitSecs: number }
  | { kind: 'passkey' };

/** Place after the offer of a passkey: a new identity wants a card, all others have had one. */
export type AfterPasskey = 'card-offer' | 'inside';

/** State of the way. */
export type Flow =
  | { kind: 'starting' }
  | { kind: 'welcome' }
  | { kind: 'words'; problem?: CardProblem }
  /** The camera looks for the code of a card. */
  | { kind: 'scan-card'; problem?: CardProblem }
  | { kind: 'pin'; origin: Origin; problem?: PinProblem }
  | { kind: 'repeat-pin'; origin: Origin; pin: string; isDifferent: boolean }
  | { kind: 'working'; origin: Origin; pin: string; report?: StepReport }
  | { kind: 'passkey-offer'; proof: Proof; next: AfterPasskey; problem?: PasskeyProblem }
  | { kind: 'card-offer'; proof: Proof }
  | { kind: 'card'; card: RecoveryCard }
  | { kind: 'card-check'; positions: readonly number[]; wrong: readonly number[] }
  | { kind: 'confirm'; task: Task; problem?: ProofProblem }
  | { kind: 'copy'; copy: CopyState }
  | { kind: 'inside' }
  | { kind: 'failed'; failure: WalletFailure };

/** Event: an act of the person, or the outcome of an effect. */
export type FlowEvent =
  | { kind: 'status'; status: WalletStatus }
  | { kind: 'begin' }
  | { kind: 'have-card' }
  | { kind: 'have-phone' }
  | { kind: 'give-copy' }
  | { kind: 'copy'; event: CopyEvent }
  | { kind: 'digits-are-same' }
  | { kind: 'copy-received' }
  | { kind: 'copy-sealed'; code: string }
  | { kind: 'scan-card' }
  | { kind: 'card-given'; card: string }
  | { kind: 'card-read'; card: string; problem?: CardProblem }
  | { kind: 'pin-chosen'; pin: string }
  | { kind: 'pin-repeated'; pin: string }
  | { kind: 'step'; report: StepReport }
  | { kind: 'kept'; canUsePasskey: boolean }
  | { kind: 'want-passkey' }
  | { kind: 'passkey-made' }
  | { kind: 'passkey-failed'; problem: PasskeyProblem }
  | { kind: 'later' }
  | { kind: 'show-card' }
  | { kind: 'card-shown'; card: RecoveryCard }
  | { kind: 'card-written' }
  | { kind: 'card-asked'; positions: readonly number[] }
  | { kind: 'card-answered'; words: readonly string[] }
  | { kind: 'card-compared'; wrong: readonly number[] }
  | { kind: 'task'; task: Task }
  | { kind: 'proof'; proof: Proof }
  | { kind: 'task-done' }
  | { kind: 'back' }
  | { kind: 'failure'; failure: WalletFailure };

/** Work that the door does for a transition. */
export type Effect =
  | { kind: 'read-card'; card: string }
  | { kind: 'create'; pin: string }
  | { kind: 'restore'; card: string; pin: string }
  | { kind: 'set-pin'; proof: Proof; pin: string }
  | { kind: 'make-passkey'; proof: Proof }
  | { kind: 'remove-passkey'; proof: Proof }
  | { kind: 'unlock'; proof: Proof }
  | { kind: 'show-card'; proof: Proof }
  | { kind: 'ask-card' }
  | CopyEffect
  | { kind: 'keep-copy'; pin: string }
  | { kind: 'seal-copy'; proof: Proof }
  | { kind: 'answer-card'; words: readonly string[] };

/** State after an event, and the work that follows. */
export interface Transition {
  flow: Flow;
  effect?: Effect;
}

/** Returns the state after an event. An event that does not fit the state changes nothing. */
export function transition(flow: Flow, event: FlowEvent): Transition {
  if (event.kind === 'status') return { flow: afterLook(flow, event.status) };
  if (event.kind === 'failure') return afterFailure(flow, event.failure);
  if (event.kind === 'back') return { flow: before(flow) };
  return forward(flow, event) ?? { flow };
}

/** Returns where the app begins with what is on the device. */
export function flowOf(status: WalletStatus): Flow {
  switch (status.kind) {
    case 'absent':
      return { kind: 'welcome' };
    case 'unreadable':
      return { kind: 'failed', failure: { code: status.reason } };
    case 'unlocked':
      return { kind: 'inside' };
    case 'locked': {
      const isShut = !status.canUsePin && !status.passkey;
      if (isShut) return { kind: 'failed', failure: { code: 'device-key-lost' } };
      const { waitSecs } = status;
      return {
        kind: 'confirm',
        task: 'unlock',
        ...(waitSecs > 0 && { problem: { kind: 'must-wait', waitSecs } }),
      };
    }
  }
}

/** Returns where the app goes on after a look at the device. An identity that is gone is told. */
function afterLook(flow: Flow, status: WalletStatus): Flow {
  const hadIdentity = flow.kind === 'inside' || flow.kind === 'card' || flow.kind === 'card-check';
  const isGone = hadIdentity && status.kind === 'absent';
  return isGone ? { kind: 'failed', failure: { code: 'absent' } } : flowOf(status);
}

/** Returns whether a recovery card is a way on from a failure. */
export function canRestoreAfter({ code }: { code: string }): boolean {
  return code === 'device-key-lost' || code === 'damaged' || code === 'absent';
}

function forward(flow: Flow, event: FlowEvent): Transition | undefined {
  switch (flow.kind) {
    case 'welcome':
      if (event.kind === 'begin') return { flow: { kind: 'pin', origin: { kind: 'new' } } };
      if (event.kind === 'have-card') return { flow: { kind: 'words' } };
      return event.kind === 'have-phone'
        ? { flow: { kind: 'copy', copy: { kind: 'asking' } }, effect: { kind: 'ask-copy' } }
        : undefined;
    case 'copy':
      return goOnWithCopy(flow.copy, event);
    case 'words':
    case 'scan-card':
      return giveCard(flow, event);
    case 'pin':
      return event.kind === 'pin-chosen' ? choosePin(flow.origin, event.pin) : undefined;
    case 'repeat-pin':
      return event.kind === 'pin-repeated' ? repeatPin(flow, event.pin) : undefined;
    case 'working':
      if (event.kind === 'step') return { flow: { ...flow, report: event.report } };
      if (event.kind === 'kept') return afterKeeping(flow, event.canUsePasskey);
      return undefined;
    case 'passkey-offer':
      return offerPasskey(flow, event);
    case 'card-offer':
      if (event.kind === 'show-card') {
        return { flow, effect: { kind: 'show-card', proof: flow.proof } };
      }
      if (event.kind === 'card-shown') return { flow: { kind: 'card', card: event.card } };
      return event.kind === 'later' ? { flow: { kind: 'inside' } } : undefined;
    case 'card':
      if (event.kind === 'card-written') return { flow, effect: { kind: 'ask-card' } };
      if (event.kind === 'card-asked') {
        return { flow: { kind: 'card-check', positions: event.positions, wrong: [] } };
      }
      return undefined;
    case 'card-check':
      return checkCard(flow, event);
    case 'confirm':
      return confirm(flow, event);
    case 'inside':
      if (event.kind === 'give-copy') return { flow: { kind: 'copy', copy: { kind: 'intent' } } };
      return event.kind === 'task' ? { flow: { kind: 'confirm', task: event.task } } : undefined;
    case 'failed':
      return event.kind === 'have-card' && canRestoreAfter(flow.failure)
        ? { flow: { kind: 'words' } }
        : undefined;
    case 'starting':
      return undefined;
  }
}

function giveCard({ kind }: Flow & { kind: 'words' | 'scan-card' }, event: FlowEvent) {
  switch (event.kind) {
    case 'scan-card':
      return { flow: { kind: 'scan-card' } } as const;
    case 'card-given':
      return { flow: { kind }, effect: { kind: 'read-card', card: event.card } } as const;
    case 'card-read': {
      const { card, problem } = event;
      return problem
        ? { flow: { kind, problem } }
        : ({ flow: { kind: 'pin', origin: { kind: 'card', card } } } as const);
    }
    default:
      return undefined;
  }
}

function goOnWithCopy(copy: CopyState, event: FlowEvent): Transition | undefined {
  switch (event.kind) {
    case 'copy': {
      const next = copyTransition(copy, event.event);
      return next && { flow: { kind: 'copy', copy: next.state }, ...withEffect(next.effect) };
    }
    case 'copy-received':
      return copy.kind === 'scan-secret'
        ? { flow: { kind: 'pin', origin: { kind: 'copy' } } }
        : undefined;
    case 'digits-are-same':
      return copy.kind === 'compare'
        ? { flow: { kind: 'confirm', task: 'give-copy' } }
        : undefined;
    default:
      return undefined;
  }
}

const withEffect = (effect: Effect | undefined) => (effect ? { effect } : {});

function choosePin(origin: Origin, pin: string): Transition {
  const problem = pinProblem(pin);
  return problem
    ? { flow: { kind: 'pin', origin, problem } }
    : { flow: { kind: 'repeat-pin', origin, pin, isDifferent: false } };
}

function repeatPin(flow: Flow & { kind: 'repeat-pin' }, repeated: string): Transition {
  const { origin, pin } = flow;
  if (repeated !== pin) return { flow: { ...flow, isDifferent: true } };
  const working: Flow = { kind: 'working', origin, pin };
  switch (origin.kind) {
    case 'new':
      return { flow: working, effect: { kind: 'create', pin } };
    case 'card':
      return { flow: working, effect: { kind: 'restore', card: origin.card, pin } };
    case 'copy':
      return { flow: working, effect: { kind: 'keep-copy', pin } };
    case 'change':
      return { flow: working, effect: { kind: 'set-pin', proof: origin.proof, pin } };
  }
}

function afterKeeping(
  { origin, pin }: Flow & { kind: 'working' },
  canUsePasskey: boolean,
): Transition {
  const proof: Proof = { kind: 'pin', pin };
  if (origin.kind === 'change') return { flow: { kind: 'inside' } };
  const next = origin.kind === 'new' ? 'card-offer' : 'inside';
  return { flow: canUsePasskey ? { kind: 'passkey-offer', proof, next } : afterPasskey(next, proof) };
}

const afterPasskey = (next: AfterPasskey, proof: Proof): Flow =>
  next === 'card-offer' ? { kind: 'card-offer', proof } : { kind: 'inside' };

function offerPasskey(
  { proof, next }: Flow & { kind: 'passkey-offer' },
  event: FlowEvent,
): Transition | undefined {
  const offer: Flow = { kind: 'passkey-offer', proof, next };
  switch (event.kind) {
    case 'want-passkey':
      return { flow: offer, effect: { kind: 'make-passkey', proof } };
    case 'passkey-failed':
      return { flow: { ...offer, problem: event.problem } };
    case 'passkey-made':
    case 'later':
      return { flow: afterPasskey(next, proof) };
    default:
      return undefined;
  }
}

function checkCard(
  flow: Flow & { kind: 'card-check' },
  event: FlowEvent,
): Transition | undefined {
  switch (event.kind) {
    case 'card-answered':
      return { flow, effect: { kind: 'answer-card', words: event.words } };
    case 'card-compared':
      return event.wrong.length === 0
        ? { flow: { kind: 'inside' } }
        : { flow: { ...flow, wrong: event.wrong } };
    case 'later':
      return { flow: { kind: 'inside' } };
    default:
      return undefined;
  }
}

function confirm(flow: Flow & { kind: 'confirm' }, event: FlowEvent): Transition | undefined {
  const { task } = flow;
  switch (event.kind) {
    case 'proof':
      return afterProof(flow, event.proof);
    case 'card-shown':
      return task === 'show-card' ? { flow: { kind: 'card', card: event.card } } : undefined;
    case 'copy-sealed':
      return task === 'give-copy'
        ? { flow: { kind: 'copy', copy: { kind: 'sealed', code: event.code } } }
        : undefined;
    case 'passkey-failed':
      return { flow: { kind: 'confirm', task, problem: { kind: 'passkey' } } };
    case 'task-done':
    case 'passkey-made':
      return { flow: { kind: 'inside' } };
    default:
      return undefined;
  }
}

function afterProof(flow: Flow & { kind: 'confirm' }, proof: Proof): Transition {
  switch (flow.task) {
    case 'unlock':
      return { flow, effect: { kind: 'unlock', proof } };
    case 'show-card':
      return { flow, effect: { kind: 'show-card', proof } };
    case 'add-passkey':
      return { flow: { kind: 'passkey-offer', proof, next: 'inside' } };
    case 'remove-passkey':
      return { flow, effect: { kind: 'remove-passkey', proof } };
    case 'give-copy':
      return { flow, effect: { kind: 'seal-copy', proof } };
    case 'change-pin':
      return { flow: { kind: 'pin', origin: { kind: 'change', proof } } };
  }
}

/** A wrong proof leads back to where it is asked for; any other failure is told on its own page. */
function afterFailure(flow: Flow, failure: WalletFailure): Transition {
  const problem = proofProblemOf(failure);
  const task = taskOf(flow);
  if (problem && task) return { flow: { kind: 'confirm', task, problem } };
  if (failure.code === 'copy-refused' && flow.kind === 'copy') {
    const event: CopyEvent = { kind: 'refused', problem: failure.problem };
    return transition(flow, { kind: 'copy', event });
  }
  if (failure.code === 'locked') return { flow: { kind: 'confirm', task: 'unlock' } };
  return { flow: { kind: 'failed', failure } };
}

/** Returns why a proof was not taken, if a failure is about that. */
export function proofProblemOf(failure: WalletFailure): ProofProblem | undefined {
  switch (failure.code) {
    case 'wrong-pin':
      return { kind: 'wrong-pin', waitSecs: failure.waitSecs };
    case 'must-wait':
      return { kind: 'must-wait', waitSecs: failure.waitSecs };
    case 'passkey-refused':
      return { kind: 'passkey' };
    default:
      return undefined;
  }
}

/** Returns the task that a state's proof is for. */
function taskOf(flow: Flow): Task | undefined {
  switch (flow.kind) {
    case 'confirm':
      return flow.task;
    case 'working':
      return flow.origin.kind === 'change' ? 'change-pin' : undefined;
    case 'passkey-offer':
      return 'add-passkey';
    case 'card-offer':
      return 'show-card';
    default:
      return undefined;
  }
}

/** Returns the state that "Back" leads to. Where there is no way back it is the state itself. */
export function before(flow: Flow): Flow {
  switch (flow.kind) {
    case 'words':
      return { kind: 'welcome' };
    case 'scan-card':
      return { kind: 'words' };
    case 'pin':
      if (flow.origin.kind === 'card') return { kind: 'words' };
      return flow.origin.kind === 'change' ? { kind: 'inside' } : { kind: 'welcome' };
    case 'copy': {
      const copy = beforeCopy(flow.copy);
      if (copy) return { kind: 'copy', copy };
      return isNewPhone(flow.copy) ? { kind: 'welcome' } : { kind: 'inside' };
    }
    case 'repeat-pin':
      return { kind: 'pin', origin: flow.origin };
    case 'confirm':
      return flow.task === 'unlock' ? flow : { kind: 'inside' };
    case 'card':
    case 'card-check':
      return { kind: 'inside' };
    default:
      return flow;
  }
}
