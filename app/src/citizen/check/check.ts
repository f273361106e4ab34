/**
 * Checks of one payment against the chain: the root that its proof was made against, the receipt,
 * and the payment itself. A check that was not made is not passed.
 */

import { readCheckpoint, readEpochState } from '../../chain/contracts.ts';
import type { Payment } from '../../chain/payments.ts';
import type { RpcEndpoint } from '../../chain/rpc.ts';
import type { DeviceClaim } from '../claim/claim.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import { paymentsSince } from '../money/money.ts';
import { onChain, whyNotRead, type Evidence } from '../present/present.ts';

export type CheckName = 'root' | 'receipt' | 'payment';

/** Reason for the verdict of a check; each has a text. */
export type CheckReason =
  | 'no-endpoint'
  | 'no-answer'
  | 'disagreement'
  | 'root-same'
  | 'root-other'
  | 'no-receipt'
  | 'receipt-kept'
  | 'receipt-late'
  | 'receipt-broken'
  | 'receipt-open'
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
}

/** Facts of the chain about one claim. */
export interface ClaimEvidence {
  root: string;
  amount: bigint;
  payment: Payment | undefined;
  /** Time of the block with the payment. */
  paidAt: number | undefined;
  /** Time of the newest block that was read. */
  chainSecs: number;
}

/** Results, with the block that they were read in. */
export interface Checks {
  results: readonly CheckResult[];
  evidence: Evidence;
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
    const paidAt = payment && (await endpoint.block(payment.blockNumber)).time;
    return { root, amount, payment, paidAt, chainSecs: block.time };
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
    results: judge(claim, value),
    evidence: { kind: 'checked', blockNumber: block.number, sources },
  };
}

/** Judges a claim by what the chain shows. */
export function judge(claim: DeviceClaim, seen: ClaimEvidence): CheckResult[] {
  return [rootResult(claim, seen), receiptResult(claim, seen), paymentResult(claim, seen)];
}

function rootResult({ root }: DeviceClaim, seen: ClaimEvidence): CheckResult {
  const isSame = root.toLowerCase() === seen.root;
  return {
    name: 'root',
    verdict: isSame ? 'pass' : 'fail',
    reason: isSame ? 'root-same' : 'root-other',
  };
}

/**
 * Judges the receipt by its deadline. Pauses of all payments excuse a service for their time and
 * are not read here, so a receipt that looks late is said to look late and not to be broken.
 */
function receiptResult(claim: DeviceClaim, { paidAt, chainSecs }: ClaimEvidence): CheckResult {
  const receipt = claim.receipts.at(-1)?.receipt;
  const result = (verdict: CheckResult['verdict'], reason: CheckReason): CheckResult => ({
    name: 'receipt',
    verdict,
    reason,
  });
  if (!receipt) return result('not-checked', 'no-receipt');
  if (paidAt !== undefined) {
    return paidAt <= receipt.deadline
      ? result('pass', 'receipt-kept')
      : result('fail', 'receipt-late');
  }
  return chainSecs > receipt.deadline
    ? result('fail', 'receipt-broken')
    : result('not-checked', 'receipt-open');
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
