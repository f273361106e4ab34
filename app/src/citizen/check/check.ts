/**
 * Checks against the chain: the person's place in the list of an epoch, and of one payment the root
 * that its proof was made against, the receipts, and the payment itself. A check that was not made
 * is not passed.
 */

import { epochAt } from '../../chain/calendar.ts';
import { readCalendar, readCheckpoint, readEpochState } from '../../chain/contracts.ts';
import type { Payment } from '../../chain/payments.ts';
import type { RpcEndpoint } from '../../chain/rpc.ts';
import type { PathOutcome } from '../../tree/tree.ts';
import type { DeviceClaim } from '../claim/claim.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import { paymentsSince } from '../money/money.ts';
import { onChain, whyNotRead, type Evidence, type NotChecked } from '../present/present.ts';
import type { PromiseVerdict } from '../receipt/judgement.ts';
import { judgeReceipt, type ReceiptOutcome } from '../receipt/judging.ts';

export type CheckName = 'inclusion' | 'root' | 'receipt' | 'payment';

/** Reason for the verdict of a check; each has a text. */
export type CheckReason =
  | 'no-endpoint'
  | 'no-answer'
  | 'disagreement'
  | 'part-missing'
  | 'inclusion-shown'
  | 'inclusion-other-root'
  | 'inclusion-too-few-leaves'
  | 'inclusion-absent'
  | 'inclusion-no-list'
  | 'inclusion-too-early'
  | 'root-same'
  | 'root-other'
  | 'no-receipt'
  | 'receipt-unsigned'
  | `receipt-${PromiseVerdict['kind']}`
  | 'payment-right'
  | 'payment-other-recipient'
  | 'payment-other-amount'
  | 'payment-none-yet'
  | 'payment-none';

/** Outcome of a check. */
export interface CheckResult {
  name: CheckName;
  verdict: 'pass' | 'fail' | 'not-checked';
  reason: CheckReason;
  /** Service of the receipt that was checked. */
  service?: string;
  /** Leaf of the person, where the way from it to the chain's root was followed. */
  leafIndex?: number;
  /** Cause that the chain shows, or the reason that the service signed. */
  verdictOnPromise?: PromiseVerdict;
}

/**
 * Finds the way of the person's commitment in the list of an epoch, of which the chain says how many
 * members it has, and computes the root that the way leads to.
 */
export type FindPlace = (epoch: number, members: number) => Promise<PathOutcome>;

/** Facts of the chain about one claim. */
export interface ClaimEvidence {
  root: string;
  memberCount: number;
  amount: bigint;
  payment: Payment | undefined;
  /** Time of the newest block that was read. */
  chainSecs: number;
}

/** Results, with the block that they were read in. */
export interface Checks {
  results: readonly CheckResult[];
  evidence: Evidence;
}

/** Reasons that hold only until the chain goes on, or an endpoint answers. */
const FOR_NOW: ReadonlySet<CheckReason> = new Set([
  'no-answer',
  'disagreement',
  'part-missing',
  'inclusion-no-list',
  'inclusion-too-early',
  'receipt-open',
  'payment-none-yet',
]);

/** Returns whether a later look at the chain can give other results. */
export function canChange({ results }: Checks): boolean {
  return results.some(({ reason }) => FOR_NOW.has(reason));
}

/** Checks the person's place in the list of the present epoch. */
export async function checkPlace(
  facts: DeploymentFacts,
  endpoints: readonly RpcEndpoint[],
  findPlace: FindPlace,
): Promise<Checks> {
  const { deployment } = facts;
  const read = await onChain(endpoints, facts, async (endpoint, block) => {
    const epoch = epochAt(await readCalendar(endpoint, deployment, block), block.time);
    if (epoch === undefined) return {};
    return { listed: { epoch, ...(await readCheckpoint(endpoint, deployment, epoch, block)) } };
  });
  if (read.kind !== 'read') return notChecked(['inclusion'], whyNotRead(read, endpoints.length));
  const { value, block, sources } = read.reading;
  const { listed } = value;
  const result: CheckResult = listed
    ? placeResult(await findPlace(listed.epoch, listed.memberCount), listed.root)
    : { name: 'inclusion', verdict: 'not-checked', reason: 'inclusion-too-early' };
  return {
    results: [result],
    evidence: { kind: 'checked', blockNumber: block.number, sources },
  };
}

/** Reads the chain about a claim and judges it. */
export async function checkClaim(
  claim: DeviceClaim,
  facts: DeploymentFacts,
  endpoints: readonly RpcEndpoint[],
  findPlace: FindPlace,
): Promise<Checks> {
  const read = await onChain(endpoints, facts, async (endpoint, block): Promise<ClaimEvidence> => {
    const { deployment } = facts;
    const checkpoint = await readCheckpoint(endpoint, deployment, claim.epoch, block);
    const { amount } = await readEpochState(endpoint, deployment, claim.epoch, block);
    const { payments } = await paymentsSince(endpoint, facts, claim.epoch, block);
    const payment = payments.find(
      (it) => it.epoch === claim.epoch && it.nullifierHash === claim.nullifierHash.toLowerCase(),
    );
    return { ...checkpoint, amount, payment, chainSecs: block.time };
  });
  if (read.kind !== 'read') {
    const why = whyNotRead(read, endpoints.length);
    return notChecked(['inclusion', 'root', 'receipt', 'payment'], why);
  }
  const { value, block, sources } = read.reading;
  return {
    results: [
      placeResult(await findPlace(claim.epoch, value.memberCount), value.root),
      rootResult(claim, value),
      ...(await receiptResults(claim, facts, endpoints)),
      paymentResult(claim, value),
    ],
    evidence: { kind: 'checked', blockNumber: block.number, sources },
  };
}

function notChecked(names: readonly CheckName[], why: NotChecked): Checks {
  return {
    results: names.map((name) => ({ name, verdict: 'not-checked', reason: why })),
    evidence: { kind: 'not-checked', why },
  };
}

/**
 * Judges the place in the list by the root that the way from the person's leaf leads to. That a list
 * of a service lacks somebody shows nothing about the chain's: nobody has looked at all of it.
 */
function placeResult(found: PathOutcome, root: string): CheckResult {
  const result = (verdict: CheckResult['verdict'], reason: CheckReason): CheckResult => ({
    name: 'inclusion',
    verdict,
    reason,
  });
  switch (found.kind) {
    case 'found':
      return found.path.root === root
        ? { ...result('pass', 'inclusion-shown'), leafIndex: found.path.leafIndex }
        : result('fail', 'inclusion-other-root');
    case 'too-few-leaves':
      return result('fail', 'inclusion-too-few-leaves');
    case 'absent':
      return result('not-checked', 'inclusion-absent');
    case 'failure':
      return result('not-checked', 'inclusion-no-list');
  }
}

function rootResult({ root }: DeviceClaim, seen: ClaimEvidence): CheckResult {
  const isSame = root.toLowerCase() === seen.root;
  return {
    name: 'root',
    verdict: isSame ? 'pass' : 'fail',
    reason: isSame ? 'root-same' : 'root-other',
  };
}

/** Verdict of a check by the verdict on a promise, as the audit's exit code has it. */
const OF_PROMISE = {
  kept: 'pass',
  excused: 'pass',
  refused: 'pass',
  open: 'not-checked',
  late: 'fail',
  'paid-otherwise': 'fail',
  broken: 'fail',
} as const satisfies Record<PromiseVerdict['kind'], CheckResult['verdict']>;

/** Checks each receipt: its signature, and its promise against the chain (RCPT-5). */
async function receiptResults(
  claim: DeviceClaim,
  facts: DeploymentFacts,
  endpoints: readonly RpcEndpoint[],
): Promise<CheckResult[]> {
  if (claim.receipts.length === 0) {
    return [{ name: 'receipt', verdict: 'not-checked', reason: 'no-receipt' }];
  }
  return Promise.all(
    claim.receipts.map(async ({ service, receipt }) => {
      const outcome = await judgeReceipt(claim, receipt, facts, endpoints, 'ask');
      return { name: 'receipt', service, ...resultOf(outcome) } as const;
    }),
  );
}

function resultOf(outcome: ReceiptOutcome): Omit<CheckResult, 'name'> {
  switch (outcome.kind) {
    case 'binds-nobody':
      return { verdict: 'fail', reason: 'receipt-unsigned' };
    case 'not-judged':
      return { verdict: 'not-checked', reason: outcome.why };
    case 'judged': {
      const { verdict } = outcome.judgement;
      const { kind } = verdict;
      return { verdict: OF_PROMISE[kind], reason: `receipt-${kind}`, verdictOnPromise: verdict };
    }
  }
}

function paymentResult(
  { request, windowEnd }: DeviceClaim,
  { payment, amount, chainSecs }: ClaimEvidence,
): CheckResult {
  const result = (verdict: CheckResult['verdict'], reason: CheckReason): CheckResult => ({
    name: 'payment',
    verdict,
    reason,
  });
  if (!payment) {
    return chainSecs < windowEnd
      ? result('not-checked', 'payment-none-yet')
      : result('fail', 'payment-none');
  }
  const isToMe = payment.recipient === request.recipient.toLowerCase();
  if (!isToMe) return result('fail', 'payment-other-recipient');
  const isWhole = payment.amount === amount && payment.fee === BigInt(request.fee);
  return isWhole ? result('pass', 'payment-right') : result('fail', 'payment-other-amount');
}
