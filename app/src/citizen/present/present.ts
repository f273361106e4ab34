/**
 * The present epoch and the time of the chain: as the person's endpoints show them, and where none
 * is named, as a service tells them. The facts say which of the two it was.
 */

import { epochAt, oldestClaimable, startOf, type ClaimCalendar } from '../../chain/calendar.ts';
import { readCalendar, readCheckpoint, readEpochState } from '../../chain/contracts.ts';
import { readFromChain, type Reading, type ReadOutcome } from '../../chain/reading.ts';
import { RpcError, type Block, type RpcEndpoint } from '../../chain/rpc.ts';
import type { ServiceFailure, TryAgain } from '../../service/problems.ts';
import { firstAnswer, type EpochView, type Outcome, type Service } from '../../service/service.ts';
import type { ChainClock } from '../claim/countdown.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';

/** Evidence for something that is shown. */
export type Evidence = Checked | { kind: 'not-checked'; why: NotChecked };

/** Evidence of the chain: the block that this device read, and the endpoints that showed it. */
export interface Checked {
  kind: 'checked';
  blockNumber: number;
  sources: readonly string[];
}

/** Returns the evidence that a reading of the chain gives. */
export function evidenceOf({ block, sources }: Pick<Reading<unknown>, 'block' | 'sources'>): Checked {
  return { kind: 'checked', blockNumber: block.number, sources };
}

/** Reason for which something was not held against the chain. */
export type NotChecked = 'no-endpoint' | 'no-answer' | 'disagreement';

/** Facts about the present epoch. */
export interface EpochFacts {
  epoch: number;
  startsAt: number;
  endsAt: number;
  oldestClaimable: number;
  memberCount: number;
  root: string;
  /** Amount for each member in the token's smallest unit; the first claim of the epoch fixes it. */
  amount: bigint | undefined;
}

/** Present as it was read. */
export interface Present {
  facts: EpochFacts;
  clock: ChainClock;
  evidence: Evidence;
  /** True where a service tells another root for the epoch than the chain. */
  isServiceWrong: boolean;
  /** Calendar as the contracts have it; none where no endpoint was read. */
  calendar?: ClaimCalendar;
}

/** Outcome of reading the present. */
export type PresentOutcome =
  | { kind: 'present'; present: Present }
  | { kind: 'before-genesis'; secsLeft: number; evidence: Evidence; calendar: ClaimCalendar }
  | { kind: 'failure'; failure: ServiceFailure; again?: TryAgain };

/** Reads from the person's endpoints, and believes none that is of another chain. */
export async function onChain<Value>(
  endpoints: readonly RpcEndpoint[],
  { deployment }: DeploymentFacts,
  read: (endpoint: RpcEndpoint, block: Block) => Promise<Value>,
): Promise<ReadOutcome<Value>> {
  return readFromChain(endpoints, async (endpoint, block) => {
    const chainId = await endpoint.chainId();
    if (chainId !== deployment.chainId) throw new RpcError({ kind: 'not-understood' });
    return read(endpoint, block);
  });
}

/** Returns why nothing was read, as it is told to a person. */
export function whyNotRead(
  outcome: Exclude<ReadOutcome<unknown>, { kind: 'read' }>,
  endpointCount: number,
): NotChecked {
  if (endpointCount === 0) return 'no-endpoint';
  return outcome.kind === 'disagreement' ? 'disagreement' : 'no-answer';
}

/** Reads the present epoch. */
export async function readPresent(
  facts: DeploymentFacts,
  services: readonly Service[],
  endpoints: readonly RpcEndpoint[],
  monotonicMs: () => number,
): Promise<PresentOutcome> {
  const [told, read] = await Promise.all([
    firstAnswer(services, (service) => service.currentEpoch()),
    onChain(endpoints, facts, (endpoint, block) => readEpoch(endpoint, facts, block)),
  ]);
  const readAtMs = monotonicMs();
  if (read.kind !== 'read') {
    return presentOfService(told, whyNotRead(read, endpoints.length), readAtMs);
  }
  const { value, block, sources } = read.reading;
  const evidence: Evidence = { kind: 'checked', blockNumber: block.number, sources };
  const { calendar, epoch } = value;
  if (!epoch) {
    const secsLeft = Math.max(0, calendar.genesis - block.time);
    return { kind: 'before-genesis', secsLeft, evidence, calendar };
  }
  const isServiceWrong =
    told.kind === 'answer' &&
    told.value.epoch === epoch.epoch &&
    told.value.root.toLowerCase() !== epoch.root;
  const clock = { chainTime: block.time, readAtMs };
  return { kind: 'present', present: { facts: epoch, clock, evidence, isServiceWrong, calendar } };
}

/** Reads the calendar and the epoch of a block. Nobody but the contracts says what time it is. */
async function readEpoch(
  endpoint: RpcEndpoint,
  { deployment }: DeploymentFacts,
  block: Block,
): Promise<{ calendar: ClaimCalendar; epoch: EpochFacts | undefined }> {
  const calendar = await readCalendar(endpoint, deployment, block);
  const epoch = epochAt(calendar, block.time);
  if (epoch === undefined) return { calendar, epoch };
  return { calendar, epoch: await readFacts(endpoint, deployment, calendar, epoch, block) };
}

async function readFacts(
  endpoint: RpcEndpoint,
  deployment: DeploymentFacts['deployment'],
  calendar: ClaimCalendar,
  epoch: number,
  block: Block,
): Promise<EpochFacts> {
  const [checkpoint, state] = await Promise.all([
    readCheckpoint(endpoint, deployment, epoch, block),
    readEpochState(endpoint, deployment, epoch, block),
  ]);
  return {
    epoch,
    startsAt: startOf(calendar, epoch),
    endsAt: startOf(calendar, epoch + 1),
    oldestClaimable: oldestClaimable(calendar, epoch),
    ...checkpoint,
    amount: state.isOpened ? state.amount : undefined,
  };
}

function presentOfService(
  told: Outcome<EpochView>,
  why: NotChecked,
  readAtMs: number,
): PresentOutcome {
  if (told.kind === 'failure') return told;
  const { epoch, chainTime, startsAt, endsAt, oldestClaimable, memberCount, root, amount } =
    told.value;
  return {
    kind: 'present',
    present: {
      facts: {
        epoch,
        startsAt,
        endsAt,
        oldestClaimable,
        memberCount,
        root: root.toLowerCase(),
        amount: amount ? BigInt(amount) : undefined,
      },
      clock: { chainTime, readAtMs },
      evidence: { kind: 'not-checked', why },
      isServiceWrong: false,
    },
  };
}
