/**
 * Checks of one payment against the chain: the root that its proof was made against, the receipts,
 * and the payment itself. A check that was not made is not passed.
 */

import { readCheckpoint, readEpochState } from '../../chain/contracts.ts';
import type { Payment } from '../../chain/payments.ts';
import type { RpcEndpoint } from '../../chain/rpc.ts';
import type { DeviceClaim } from '../claim/claim.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import { paymentsSince } from '../money/money.ts';
import { onChain, whyNotRead, type Evidence } from '../present/present.ts';
import type { PromiseVerdict } from '../receipt/judgement.ts';
import { judgeReceipt, type ReceiptOutcome } from '../receipt/judging.ts';

export type CheckName = 'root' | 'receipt' | 'payment';

/** Reason for the verdict of a check; each has a text. */
export type CheckReason =
  | 'no-endpoint'
  | 'no-answer'
  | 'disagreement'
  | 'part-missing'
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
  /** Cause that the chain shows, or the reason that the service signed. */
  verdictOnPromise?: PromiseVerdict;
}

/** Facts of the chain about one claim. */
export interface ClaimEvidence {
  root: string;
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
  'receipt-open',
  'payment-none-yet',
]);

/** Returns whether a later look at the chain can give other results. */
export function canChange({ results }: Checks): boolean {
  return results.some(({ reason }) => FOR_NOW.has(reason));
}

/** Reads the chain about a claim and judges it. */
export async function checkClaim(
  claim: DeviceClaim,
  facts: DeploymentFacts,
  endpoints: readonly RpcEndpoint[],
): Promise<Checks> {
  const read = await onChain(endpoints, facts, async (endpoint, block): Promise<ClaimEvidence> => {
    const { deployment } = facts;
    const { root } = await readCheckpoint(endpoint, deployment, claim.epoch, block);
    const { amount } = await readEpochState(endpoint, deployment, claim.epoch, block);
    const { payments } = await paymentsSince(endpoint, facts, claim.epoch, block);
    const payment = payments.find(
      (it) => it.epoch === claim.epoch && it.nullifierHash === claim.nullifierHash.toLowerCase(),
    );
    return { root, amount, payment, chainSecs: block.time };
  });
  if (read.kind !== 'read') {
    const why = whyNotRead(read, endpoints.length);
    const names: CheckName[] = ['root', 'receipt', 'payment'];
    return {
      results: names.map((name) => ({ name, verdict: 'not-checked', reason: why })),
      evidence: { kind: 'not-checked', why },
    };
  }
  const { value, block, sources } = read.reading;
  return {
    results: [
      rootResult(claim, value),
      ...(await receiptResults(claim, facts, endpoints)),
      paymentResult(claim, value),
    ],
    evidence: { kind: 'checked', blockNumber: block.number, sources },
  };
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
