/** Course of a visit to an orb, as the services tell it by the nonces of the codes shown. */

import { tryAgain, type ProblemCode, type ServiceFailure, type TryAgain } from '../../service/problems.ts';
import type { EnrolmentView, Outcome, Service } from '../../service/service.ts';
import {
  afterJoining,
  afterRefusal,
  afterWaiting,
  type Membership,
} from '../membership/membership.ts';

/** Time between two looks at what became of a visit. */
export const WATCH_EVERY_MS = 5_000;

/** State of a visit. */
export type VisitState =
  /** No service has heard of any code. */
  | { kind: 'not-seen' }
  /** Nobody can say: no service answers. */
  | { kind: 'no-answer'; failure: ServiceFailure; again?: TryAgain }
  /** The pictures are with a service, which has not decided. */
  | { kind: 'being-checked' }
  /** The person is new; the list of members waits for its next block. */
  | { kind: 'admitted' }
  | { kind: 'in-the-list'; leafIndex: number; isFinal: boolean }
  | { kind: 'already-enrolled' }
  | { kind: 'operator-decides' }
  /** Taken back before it was written, or struck out after. */
  | { kind: 'withdrawn' | 'revoked' }
  /** Not taken, for this reason; another visit may be. */
  | { kind: 'refused'; code: ProblemCode; again?: TryAgain };

/**
 * Refusals of a visit that a service tells about its nonce (ENROL-18). The orb alone is told that its
 * signature is wrong, or that it is no orb of the list.
 */
const REFUSALS: ReadonlySet<ProblemCode> = new Set([
  'capture-not-fresh',
  'code-commitment-mismatch',
  'commitment-taken',
  'commitments-required',
  'encoding-proof-invalid',
  'encoding-proof-mismatch',
  'encoding-proof-required',
  'iris-commitment-used',
  'iris-digest-mismatch',
  'model-mismatch',
  'nonce-used',
  'nothing-to-recover',
  'orb-limit-reached',
  'orb-refused',
  'recovery-too-soon',
  'template-unusable',
  'upgraded-codes-required',
]);

/** Refusals that other pictures, or another code, can change at once. */
const HELPED_BY_ANOTHER_CAPTURE: ReadonlySet<ProblemCode> = new Set([
  'capture-not-fresh',
  'iris-digest-mismatch',
  'nonce-used',
  'template-unusable',
]);

/** Returns whether a visit that was refused for this reason is worth another capture now. */
export const isHelpedByAnotherCapture = (code: ProblemCode): boolean =>
  HELPED_BY_ANOTHER_CAPTURE.has(code);

/** Returns whether a visit has come to an end that no further look changes. */
export function isSettled({ kind }: VisitState): boolean {
  return kind === 'in-the-list' || kind === 'already-enrolled' || kind === 'revoked';
}

/** Returns what a look at a visit says about the membership. */
export function afterLook(
  membership: Membership,
  state: VisitState,
  nonce: string | undefined,
  chainSecs: number | undefined,
): Membership {
  switch (state.kind) {
    case 'in-the-list':
      return afterJoining(membership, state.leafIndex);
    case 'admitted':
    case 'operator-decides':
      return afterWaiting(membership, nonce, chainSecs);
    case 'being-checked':
      // A check that a fault breaks off leaves no record: the next one needs a code again.
      return afterWaiting(membership, undefined, chainSecs);
    case 'already-enrolled':
    case 'refused':
    case 'revoked':
    case 'withdrawn':
      return afterRefusal(membership);
    case 'not-seen':
    case 'no-answer':
      return membership;
  }
}

/** Returns whether a service keeps what the orb sent home in this state (ENROL-21). */
export function hasPackage({ kind }: VisitState): boolean {
  return kind === 'admitted' || kind === 'operator-decides' || kind === 'in-the-list';
}

/**
 * Reads the answer to a question about one nonce. Where it is about another person, the nonce was
 * used for that one, and this one cannot join with it (ENROL-5).
 */
export function stateOfAnswer(
  outcome: Outcome<EnrolmentView>,
  commitment: string,
  nowSecs: number,
): VisitState {
  if (outcome.kind === 'failure') return stateOfFailure(outcome.failure, nowSecs);
  const { value } = outcome;
  if (value.commitment.toLowerCase() !== commitment) {
    return { kind: 'refused', code: 'nonce-used' };
  }
  switch (value.status) {
    case 'checking':
      return { kind: 'being-checked' };
    case 'duplicate':
      return { kind: 'already-enrolled' };
    case 'review':
      return { kind: 'operator-decides' };
    case 'queued':
    case 'submitted':
      return { kind: 'admitted' };
    case 'mined':
    case 'final': {
      const { leafIndex } = value;
      if (leafIndex === undefined || leafIndex === null) return { kind: 'admitted' };
      return { kind: 'in-the-list', leafIndex, isFinal: value.status === 'final' };
    }
    case 'revoked':
    case 'withdrawn':
      return { kind: value.status };
  }
}

function stateOfFailure(failure: ServiceFailure, nowSecs: number): VisitState {
  const again = tryAgain(failure, nowSecs);
  const more = again ? { again } : {};
  if (failure.kind !== 'problem') return { kind: 'no-answer', failure, ...more };
  const { code } = failure;
  if (code === 'enrolment-unknown') return { kind: 'not-seen' };
  return REFUSALS.has(code)
    ? { kind: 'refused', code, ...more }
    : { kind: 'no-answer', failure, ...more };
}

/**
 * Returns a state after another look. A refusal that is told once more keeps the time that it was
 * first told with, because the wait is the same in each answer.
 */
export function afterAnotherLook(
  before: VisitState,
  after: VisitState,
  nowSecs: number,
): VisitState {
  const isSame =
    before.kind === 'refused' && after.kind === 'refused' && before.code === after.code;
  return isSame && before.again && before.again.at > nowSecs ? before : after;
}

/** States from the least that is known to the most; of several answers the most is shown. */
const WEIGHTS: Record<VisitState['kind'], number> = {
  'no-answer': 0,
  'not-seen': 1,
  'refused': 2,
  withdrawn: 3,
  'being-checked': 4,
  'operator-decides': 5,
  'already-enrolled': 6,
  admitted: 7,
  revoked: 8,
  'in-the-list': 9,
};

/** Chooses what is shown of several answers: the most that is known, and of equals the newest. */
export function mostTold(states: readonly VisitState[]): VisitState | undefined {
  return states.reduce<VisitState | undefined>(
    (most, it) => (most && WEIGHTS[most.kind] > WEIGHTS[it.kind] ? most : it),
    undefined,
  );
}

/** State of a visit, with the nonce that it is told by. */
export interface Look {
  state: VisitState;
  nonce?: string;
}

/** Asks the services about nonces, from the oldest to the newest. */
export async function lookAtVisit(
  services: readonly Service[],
  nonces: readonly string[],
  commitment: string,
  nowSecs: () => number,
): Promise<Look> {
  const looks = await Promise.all(
    nonces.flatMap((nonce) =>
      services.map(async (service) => {
        const answer = await service.findEnrolmentByNonce(nonce);
        const state = stateOfAnswer(answer, commitment, nowSecs());
        return { state, nonce };
      }),
    ),
  );
  const state = mostTold(looks.map((it) => it.state));
  if (!state) {
    const failure: ServiceFailure = { kind: 'unreachable' };
    return { state: nonces.length === 0 ? { kind: 'not-seen' } : { kind: 'no-answer', failure } };
  }
  const isTold = state.kind !== 'not-seen' && state.kind !== 'no-answer';
  const nonce = looks.find((it) => it.state === state)?.nonce;
  return { state, ...(isTold && nonce !== undefined && { nonce }) };
}
