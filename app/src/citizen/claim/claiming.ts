/**
 * Making of a claim: find the way in the epoch's tree, hold its root against the chain, have the
 * wallet prove, and put the claim into the queue. What is in the queue is safe; everything before
 * it can be done again.
 */

import { windowEnd } from '../../chain/calendar.ts';
import { readCheckpoint } from '../../chain/contracts.ts';
import type { RpcEndpoint } from '../../chain/rpc.ts';
import { tryAgain, type ServiceFailure, type TryAgain } from '../../service/problems.ts';
import type { ClaimRequest, Service } from '../../service/service.ts';
import type { FindPath, InclusionPath } from '../../tree/tree.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import { refusalCode, type CitizenWallet } from '../ports.ts';
import { onChain, whyNotRead, type Evidence, type NotChecked } from '../present/present.ts';
import type { DeviceClaim } from './claim.ts';

const NO_ADDRESS = `0x${'0'.repeat(40)}`;
const PROOF_COORDINATES = 8;

/** Reason for which no claim was made. Nothing was sent. */
export type ClaimStop =
  /** The commitment is not in the list of the epoch. */
  | { kind: 'not-in-the-list' }
  /** The service's list leads to another root than the chain's. */
  | { kind: 'other-root' }
  | { kind: 'too-few-leaves' }
  /** No endpoint is known, none answers, or two differ: the chain's root is not known (IDENT-8). */
  | { kind: 'chain'; why: NotChecked }
  | { kind: 'service'; failure: ServiceFailure; again?: TryAgain }
  | { kind: 'wallet'; code: string };

/** State of the making of claims. */
export type Claiming =
  | { kind: 'idle' }
  | { kind: 'finding'; epoch: number; tiles: number }
  /** The prover's files come; bytes. */
  | { kind: 'loading'; epoch: number; done: number; total: number }
  /** Steps of the proof. */
  | { kind: 'proving'; epoch: number; done: number; total: number }
  | { kind: 'stopped'; epoch: number; stop: ClaimStop };

/** Root and size of an epoch's tree as the chain has them, and how they are known. */
export interface Checkpoint {
  root: string;
  memberCount: number;
  evidence: Evidence;
}

/** Outcome of claiming one epoch. */
export type ClaimOutcome =
  | { kind: 'queued'; claim: DeviceClaim; evidence: Evidence }
  | { kind: 'stopped'; stop: ClaimStop };

/** Surroundings of the making of claims. */
export interface ClaimingContext {
  facts: DeploymentFacts;
  services: readonly Service[];
  endpoints: readonly RpcEndpoint[];
  wallet: Pick<CitizenWallet, 'commitment' | 'receiveAddress' | 'proveClaim'>;
  findPath: FindPath;
  /** Puts a claim into the queue. */
  enqueue: (request: ClaimRequest, root: string, windowEnd: number) => Promise<DeviceClaim>;
  knownLeaf: number | undefined;
  /** Time of the chain where it is known, and otherwise of this device; Unix seconds. */
  nowSecs: () => number;
  /** Address that the person entered; none means a fresh one for each epoch. */
  ownAddress: string | undefined;
}

/** Returns the stop by a service's failure, with the time that it named. */
export function stopByService(failure: ServiceFailure, nowSecs: number): ClaimStop {
  const again = tryAgain(failure, nowSecs);
  return { kind: 'service', failure, ...(again && { again }) };
}

/** Makes the claim of an epoch. */
export async function makeClaim(
  context: ClaimingContext,
  epoch: number,
  onState: (state: Claiming) => void,
): Promise<ClaimOutcome> {
  const stopped = (stop: ClaimStop): ClaimOutcome => {
    onState({ kind: 'stopped', epoch, stop });
    return { kind: 'stopped', stop };
  };
  try {
    onState({ kind: 'finding', epoch, tiles: 0 });
    const checkpoint = await checkpointOf(context, epoch);
    if ('why' in checkpoint) return stopped({ kind: 'chain', why: checkpoint.why });
    const commitment = await context.wallet.commitment();
    const found = await context.findPath(
      context.services,
      epoch,
      checkpoint.memberCount,
      commitment,
      context.knownLeaf,
      (tiles) => onState({ kind: 'finding', epoch, tiles }),
    );
    switch (found.kind) {
      case 'absent':
        return stopped({ kind: 'not-in-the-list' });
      case 'too-few-leaves':
        return stopped({ kind: 'too-few-leaves' });
      case 'failure':
        return stopped(stopByService(found.failure, context.nowSecs()));
      case 'found': {
        const { path } = found;
        if (path.root !== checkpoint.root) return stopped({ kind: 'other-root' });
        onState({ kind: 'proving', epoch, done: 0, total: 1 });
        const request = await prove(context, epoch, path, onState);
        const end = windowEnd(context.facts.calendar, epoch);
        const claim = await context.enqueue(request, path.root, end);
        return { kind: 'queued', claim, evidence: checkpoint.evidence };
      }
    }
  } catch (error) {
    return stopped({ kind: 'wallet', code: refusalCode(error) });
  }
}

/** Makes the claims of several epochs, the oldest first, until one stops for what stops all. */
export async function makeClaims(
  context: ClaimingContext,
  epochs: readonly number[],
  onState: (state: Claiming) => void,
  onOutcome: (epoch: number, outcome: ClaimOutcome) => Promise<void>,
): Promise<void> {
  let last: ClaimOutcome | undefined;
  for (const epoch of epochs) {
    last = await makeClaim(context, epoch, onState);
    await onOutcome(epoch, last);
    // Before somebody joined, their list lacks them; every other reason stops the next epoch too.
    if (last.kind === 'stopped' && last.stop.kind !== 'not-in-the-list') return;
  }
  if (last?.kind === 'queued') onState({ kind: 'idle' });
}

/**
 * Reads root and size of an epoch's tree from the chain. What a service tells about them is worth
 * nothing here: it could have made a root for one person, to mark that person's claim (IDENT-8).
 */
async function checkpointOf(
  { facts, endpoints }: ClaimingContext,
  epoch: number,
): Promise<Checkpoint | { why: NotChecked }> {
  const read = await onChain(endpoints, facts, (endpoint, block) =>
    readCheckpoint(endpoint, facts.deployment, epoch, block),
  );
  if (read.kind !== 'read') return { why: whyNotRead(read, endpoints.length) };
  const { value, block, sources } = read.reading;
  return { ...value, evidence: { kind: 'checked', blockNumber: block.number, sources } };
}

async function prove(
  { wallet, ownAddress }: ClaimingContext,
  epoch: number,
  path: InclusionPath,
  onState: (state: Claiming) => void,
): Promise<ClaimRequest> {
  const recipient = ownAddress ?? (await wallet.receiveAddress(epoch));
  const payment = { epoch, recipient, feeRecipient: NO_ADDRESS, fee: '0' };
  const { nullifierHash, proof } = await wallet.proveClaim({ ...payment, path }, (kind, done, total) =>
    onState({ kind, epoch, done, total }),
  );
  if (proof.length !== PROOF_COORDINATES) throw new Error('a proof has eight coordinates');
  return { ...payment, nullifierHash, proof: proof as ClaimRequest['proof'] };
}
