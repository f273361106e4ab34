/**
 * Way of a copy from one phone to another, as either phone goes it. Plain transitions; the door
 * carries the effects out. Four codes go to and fro (docs/spec/identity.md).
 */

import type { CopyProblem } from '../../wallet/index.ts';

/** State of a copy. */
export type CopyState =
  /** The new phone, from its first code to the secret. */
  | { kind: 'asking' }
  | { kind: 'ask'; code: string }
  | { kind: 'scan-key'; problem?: CopyProblem }
  | { kind: 'answer'; code: string; digits: string }
  | { kind: 'scan-secret'; problem?: CopyProblem }
  /** The old phone, from the person's intent to the encrypted secret. */
  | { kind: 'intent' }
  | { kind: 'scan-ask'; problem?: CopyProblem }
  | { kind: 'key'; code: string }
  | { kind: 'scan-answer'; problem?: CopyProblem }
  | { kind: 'compare'; digits: string }
  | { kind: 'sealed'; code: string }
  /** The codes are not of one copy: somebody may be in between. */
  | { kind: 'different'; isNewPhone: boolean };

/** Event: an act of the person, or the outcome of an effect. */
export type CopyEvent =
  | { kind: 'next' }
  | { kind: 'asked'; code: string }
  | { kind: 'scanned'; code: string }
  | { kind: 'offered'; code: string }
  | { kind: 'answered'; code: string; digits: string }
  | { kind: 'compared'; digits: string }
  | { kind: 'different' }
  | { kind: 'refused'; problem: CopyProblem };

/** Work for a transition. */
export type CopyEffect =
  | { kind: 'ask-copy' }
  | { kind: 'answer-copy'; code: string }
  | { kind: 'receive-copy'; code: string }
  | { kind: 'offer-copy'; code: string }
  | { kind: 'compare-copy'; code: string };

/** Side of a copy that a state belongs to. */
export function isNewPhone(state: CopyState): boolean {
  if (state.kind === 'different') return state.isNewPhone;
  return ['asking', 'ask', 'scan-key', 'answer', 'scan-secret'].includes(state.kind);
}

/** Returns the state after an event; none where the event does not fit. */
export function copyTransition(
  state: CopyState,
  event: CopyEvent,
): { state: CopyState; effect?: CopyEffect } | undefined {
  if (event.kind === 'refused') return { state: afterRefusal(state, event.problem) };
  if (event.kind === 'scanned') return afterScan(state, event.code);
  switch (state.kind) {
    case 'asking':
      return event.kind === 'asked' ? { state: { kind: 'ask', code: event.code } } : undefined;
    case 'ask':
      return event.kind === 'next' ? { state: { kind: 'scan-key' } } : undefined;
    case 'scan-key': {
      if (event.kind !== 'answered') return undefined;
      const { code, digits } = event;
      return { state: { kind: 'answer', code, digits } };
    }
    case 'answer':
      if (event.kind === 'next') return { state: { kind: 'scan-secret' } };
      return event.kind === 'different' ? { state: different(state) } : undefined;
    case 'intent':
      return event.kind === 'next' ? { state: { kind: 'scan-ask' } } : undefined;
    case 'scan-ask':
      return event.kind === 'offered' ? { state: { kind: 'key', code: event.code } } : undefined;
    case 'key':
      return event.kind === 'next' ? { state: { kind: 'scan-answer' } } : undefined;
    case 'scan-answer':
      return event.kind === 'compared'
        ? { state: { kind: 'compare', digits: event.digits } }
        : undefined;
    case 'compare':
      return event.kind === 'different' ? { state: different(state) } : undefined;
    default:
      return undefined;
  }
}

const SCAN_EFFECTS = {
  'scan-key': 'answer-copy',
  'scan-secret': 'receive-copy',
  'scan-ask': 'offer-copy',
  'scan-answer': 'compare-copy',
} as const;

const isScan = (state: CopyState): state is CopyState & { kind: keyof typeof SCAN_EFFECTS } =>
  state.kind in SCAN_EFFECTS;

function afterScan(state: CopyState, code: string) {
  if (!isScan(state)) return undefined;
  const { kind } = state;
  return { state: { kind }, effect: { kind: SCAN_EFFECTS[kind], code } };
}

const different = (state: CopyState): CopyState => ({
  kind: 'different',
  isNewPhone: isNewPhone(state),
});

/** A code that cannot be read is looked for again; one of another copy ends this one. */
function afterRefusal(state: CopyState, problem: CopyProblem): CopyState {
  return isScan(state) && problem !== 'mismatch' ? { kind: state.kind, problem } : different(state);
}

/** Returns the state that "Back" leads to; none where it leaves the copy. */
export function beforeCopy(state: CopyState): CopyState | undefined {
  return state.kind === 'scan-ask' ? { kind: 'intent' } : undefined;
}
