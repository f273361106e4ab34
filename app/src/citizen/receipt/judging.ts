/** Judgement of the receipts of claims, when it is due, and what is kept of it. */

import type { RpcEndpoint } from '../../chain/rpc.ts';
import type { ReceiptView } from '../../service/service.ts';
import type { DeviceClaim } from '../claim/claim.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import { onChain, whyNotRead, type NotChecked } from '../present/present.ts';
import { isSigned, statesTerms } from './binding.ts';
import { promiseOf, readEvidence } from './evidence.ts';
import { judgePromise, type Judgement, type PayeeQuestions } from './judgement.ts';

/** Outcome of holding one receipt against the chain. */
export type ReceiptOutcome =
  | { kind: 'judged'; judgement: Judgement }
  /** The deployment's signer has not signed it: a receipt that was kept before this was checked. */
  | { kind: 'binds-nobody' }
  /** The part of the app that reads signatures did not come, or the chain was not read. */
  | { kind: 'not-judged'; why: NotChecked | 'part-missing' };

/** Holds a receipt of a claim against the chain. */
export async function judgeReceipt(
  claim: DeviceClaim,
  receipt: ReceiptView,
  facts: DeploymentFacts,
  endpoints: readonly RpcEndpoint[],
  questions: PayeeQuestions,
): Promise<ReceiptOutcome> {
  const isBinding = await isSigned(receipt, facts).catch(() => undefined);
  if (isBinding === undefined) return { kind: 'not-judged', why: 'part-missing' };
  if (!isBinding) return { kind: 'binds-nobody' };
  const refusal = await refusalOf(claim, receipt, facts);
  const read = await onChain(endpoints, facts, (endpoint, block) =>
    readEvidence(endpoint, block, facts, receipt, refusal, questions),
  );
  if (read.kind !== 'read') {
    return { kind: 'not-judged', why: whyNotRead(read, endpoints.length) };
  }
  const { value: evidence, block, sources } = read.reading;
  const verdict = judgePromise(promiseOf(receipt), refusal?.reason, evidence);
  const isOver = claim.state.kind === 'final' || evidence.now >= evidence.windowEnds;
  const isSettled = isOver && verdict.kind !== 'open';
  const judgement: Judgement = {
    verdict,
    ...(evidence.paid && { paidAt: evidence.paid.at }),
    blockNumber: block.number,
    chainSecs: block.time,
    sources,
    questions,
    isSettled,
  };
  return { kind: 'judged', judgement };
}

/** Returns the newest refusal that is signed and about the claim of the receipt. */
async function refusalOf(claim: DeviceClaim, receipt: ReceiptView, facts: DeploymentFacts) {
  const asked = { request: receipt, root: receipt.root };
  for (const { refusal } of [...claim.refusals].reverse()) {
    if (statesTerms(refusal, asked) && (await isSigned(refusal, facts))) return refusal;
  }
  return undefined;
}
