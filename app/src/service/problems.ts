import type { MessageKey } from '../messages/catalogue.ts';

/**
 * Every code of the API's refusals (docs/openapi.json), with the text that a person is shown.
 * Codes that say the same to a person share a text.
 */
export const PROBLEM_TEXTS = {
  'body-not-json': 'problem.app-fault',
  'body-invalid': 'problem.app-fault',
  'body-unreadable': 'problem.connection',
  'path-invalid': 'problem.app-fault',
  'malformed-field': 'problem.app-fault',
  'not-canonical': 'problem.app-fault',
  'zero-commitment': 'problem.app-fault',
  'proof-coordinate-out-of-range': 'problem.app-fault',
  'proof-not-in-group': 'problem.app-fault',
  'statement-version-invalid': 'problem.orb-not-trusted',
  'capture-not-fresh': 'problem.capture-not-fresh',
  'orb-signature-invalid': 'problem.orb-not-trusted',
  'visit-signature-invalid': 'problem.app-fault',
  'orb-not-active': 'problem.orb-not-trusted',
  'orb-refused': 'problem.orb-not-trusted',
  'route-unknown': 'problem.app-fault',
  'tree-unknown': 'problem.tree-unknown',
  'tile-unknown': 'problem.app-fault',
  'claim-unknown': 'problem.claim-unknown',
  'enrolment-unknown': 'problem.enrolment-unknown',
  'package-unknown': 'problem.package-unknown',
  'model-upgrade-unknown': 'problem.app-fault',
  'account-unknown': 'problem.app-fault',
  'method-not-allowed': 'problem.app-fault',
  'enrolment-duplicate': 'problem.enrolment-duplicate',
  'enrolment-review': 'problem.enrolment-review',
  'nonce-used': 'problem.nonce-used',
  'commitment-taken': 'problem.commitment-taken',
  'iris-commitment-used': 'problem.orb-not-trusted',
  'template-upgraded': 'problem.app-fault',
  'iris-uncommitted': 'problem.app-fault',
  'recovery-too-soon': 'problem.recovery-too-soon',
  'epoch-not-begun': 'problem.epoch-not-begun',
  'epoch-without-members': 'problem.epoch-without-members',
  'nullifier-already-claimed': 'problem.already-claimed',
  'nullifier-spent': 'problem.already-paid',
  'census-reached': 'problem.census-reached',
  'claim-window-over': 'problem.window-over',
  'model-upgrade-over': 'problem.app-fault',
  'body-too-slow': 'problem.connection',
  'body-too-large': 'problem.app-fault',
  'content-type-not-json': 'problem.app-fault',
  'claim-proof-invalid': 'problem.proof-invalid',
  'bad-recipient': 'problem.bad-recipient',
  'fee-above-amount': 'problem.fee-above-amount',
  'nothing-to-recover': 'problem.nothing-to-recover',
  'iris-digest-mismatch': 'problem.orb-not-trusted',
  'model-mismatch': 'problem.orb-not-trusted',
  'commitments-required': 'problem.orb-not-trusted',
  'code-commitment-mismatch': 'problem.orb-not-trusted',
  'encoding-proof-required': 'problem.orb-not-trusted',
  'encoding-proof-mismatch': 'problem.orb-not-trusted',
  'encoding-proof-invalid': 'problem.orb-not-trusted',
  'upgraded-codes-required': 'problem.orb-not-trusted',
  'template-unusable': 'problem.template-unusable',
  'orb-limit-reached': 'problem.orb-limit-reached',
  'rate-limited': 'problem.busy',
  internal: 'problem.service-fault',
  'payments-paused': 'problem.payments-paused',
  'claim-queue-full': 'problem.busy',
  'enrolment-busy': 'problem.busy',
  'membership-not-synced': 'problem.membership-not-synced',
  'chain-unavailable': 'problem.chain-unavailable',
  'store-unavailable': 'problem.service-fault',
  overloaded: 'problem.busy',
  'request-timed-out': 'problem.connection',
} as const satisfies Record<string, MessageKey>;

/** Code of a refusal; codes never change their meaning. */
export type ProblemCode = keyof typeof PROBLEM_TEXTS;

/** Outcome of a request that is no answer. */
export type ServiceFailure =
  | { kind: 'problem'; code: ProblemCode; retryAfterSecs?: number }
  /** A refusal whose code this version does not know. */
  | { kind: 'unknown-problem'; status: number; retryAfterSecs?: number }
  /** An answer that is not of this API. */
  | { kind: 'not-understood' }
  /** A receipt or a refusal that another key signed, or that is about another claim (RCPT-6). */
  | { kind: 'binds-nobody' }
  | { kind: 'unreachable' };

const isKnown = (code: unknown): code is ProblemCode =>
  typeof code === 'string' && Object.hasOwn(PROBLEM_TEXTS, code);

/** Reads the body of a refusal. */
export function readProblem(
  body: unknown,
  status: number,
  headerRetrySecs: number | undefined,
): ServiceFailure {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { code, retryAfterSecs: named } = fields;
  const secs = Number.isSafeInteger(named) && (named as number) >= 0 ? (named as number) : undefined;
  const retryAfterSecs = secs ?? headerRetrySecs;
  const retry = retryAfterSecs === undefined ? {} : { retryAfterSecs };
  return isKnown(code)
    ? { kind: 'problem', code, ...retry }
    : { kind: 'unknown-problem', status, ...retry };
}

/** Returns the text for a failure: the event, its meaning for the money, and the next step. */
export function textOf(failure: ServiceFailure): MessageKey {
  switch (failure.kind) {
    case 'problem':
      return PROBLEM_TEXTS[failure.code];
    case 'unknown-problem':
      return 'problem.unknown';
    case 'not-understood':
      return 'problem.not-understood';
    case 'binds-nobody':
      return 'problem.binds-nobody';
    case 'unreachable':
      return 'problem.unreachable';
  }
}

/** Returns the code of a failure, for whoever helps. */
export function codeOf(failure: ServiceFailure): string {
  if (failure.kind === 'problem') return failure.code;
  return failure.kind === 'unknown-problem' ? `unknown-${failure.status}` : failure.kind;
}

/** Time from which a request is worth another try. */
export interface TryAgain {
  /** Unix seconds. */
  at: number;
  /** Length of the wait, in seconds. */
  waitSecs: number;
}

/** Returns when to try again, counted from the time of the answer; none where nobody says it. */
export function tryAgain(failure: ServiceFailure, nowSecs: number): TryAgain | undefined {
  const waitSecs = 'retryAfterSecs' in failure ? failure.retryAfterSecs : undefined;
  return waitSecs === undefined ? undefined : { at: nowSecs + waitSecs, waitSecs };
}

/** Codes after which another service would answer the same: the chain or the claim decides. */
const DECIDED: ReadonlySet<ProblemCode> = new Set([
  'epoch-not-begun',
  'epoch-without-members',
  'nullifier-spent',
  'census-reached',
  'claim-window-over',
  'claim-proof-invalid',
  'bad-recipient',
  'fee-above-amount',
  'payments-paused',
  'proof-coordinate-out-of-range',
  'proof-not-in-group',
]);

/** Returns whether another service of the list may answer otherwise. */
export function isWorthAnotherService(failure: ServiceFailure): boolean {
  return failure.kind !== 'problem' || !DECIDED.has(failure.code);
}
