/** Receipts that bind a service, told from those that are worth nothing (RCPT-6). */

import type { ClaimRequest, ClaimView, ReceiptView, RefusalView } from '../../service/service.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';

/** Claim as a receipt has to state it: the request, and the root that was proved against. */
export interface AskedTerms {
  request: Omit<ClaimRequest, 'proof'>;
  root: string;
}

/** Fault of a receipt or a refusal that binds nobody. */
export type BindingFault =
  /** It states another payment, epoch, nullifier hash or root than was claimed. */
  | 'other-terms'
  /** Another key signed it than the deployment names, or none. */
  | 'other-signer';

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Returns whether a statement of a service is about the claim that was made. */
export function statesTerms(stated: ReceiptView | RefusalView, { request, root }: AskedTerms): boolean {
  return (
    isSame(stated.nullifierHash, request.nullifierHash) &&
    stated.epoch === request.epoch &&
    isSame(stated.recipient, request.recipient) &&
    isSame(stated.feeRecipient, request.feeRecipient) &&
    BigInt(stated.fee) === BigInt(request.fee) &&
    isSame(stated.root, root)
  );
}

/** Returns the fault of a receipt or a refusal, or nothing if it binds. */
export async function bindingFault(
  stated: ReceiptView | RefusalView,
  asked: AskedTerms,
  facts: DeploymentFacts,
): Promise<BindingFault | undefined> {
  if (!statesTerms(stated, asked)) return 'other-terms';
  return (await isSigned(stated, facts)) ? undefined : 'other-signer';
}

/** Returns whether the deployment's signer signed a receipt or a refusal. */
export async function isSigned(
  stated: ReceiptView | RefusalView,
  { deployment, receiptSigner }: DeploymentFacts,
): Promise<boolean> {
  const { signerOf } = await import('./signature.ts');
  return signerOf(stated, deployment) === receiptSigner;
}

/** Returns the first fault of what an answer about a claim carries, or nothing if all of it binds. */
export async function answerFault(
  { receipt, refusal }: ClaimView,
  asked: AskedTerms,
  facts: DeploymentFacts,
): Promise<BindingFault | undefined> {
  for (const stated of [receipt, refusal]) {
    const fault = stated && (await bindingFault(stated, asked, facts));
    if (fault) return fault;
  }
  return undefined;
}
