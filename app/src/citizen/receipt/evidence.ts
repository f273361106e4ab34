/**
 * Evidence of the chain on the promise of a receipt. The events of everybody are read, and nothing
 * in a question names the claim (IDENT-10). Whether the token refuses a payee can only be asked by
 * naming the address, so that is done only when the person asks for it.
 */

import { addressOf, addressWord, callData, TOPICS, uintOf, uintWord, wordsOf } from '../../chain/abi.ts';
import { windowEnd } from '../../chain/calendar.ts';
import { readCheckpoint, readEpochState } from '../../chain/contracts.ts';
import { firstBlockAt, readLogs } from '../../chain/payments.ts';
import type { Block, Log, RpcEndpoint } from '../../chain/rpc.ts';
import type { ReceiptView, RefusalView } from '../../service/service.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import type {
  Pause,
  PayeeQuestions,
  PaymentPromise,
  PaymentTerms,
  ReceiptEvidence,
} from './judgement.ts';

const CLAIMED = TOPICS['Claimed(uint256,uint256,address,uint256,uint256)'];
const FEE_PAID = TOPICS['FeePaid(uint256,uint256,address,uint256)'];
const SKIPPED = TOPICS['ClaimSkipped(uint256,uint256,uint8,uint256)'];
const PAUSED = TOPICS['Paused(address)'];
const UNPAUSED = TOPICS['Unpaused(address)'];
/** `SkipReason.TransferFailed` of the distributor. */
const TRANSFER_FAILED = 1n;
const NO_ADDRESS = `0x${'0'.repeat(40)}`;

/** Returns the promise of a receipt. */
export function promiseOf(receipt: ReceiptView): PaymentPromise {
  const { root, takenAt, deadline } = receipt;
  return { payment: termsOf(receipt), root: root.toLowerCase(), takenAt, deadline };
}

const termsOf = ({ recipient, feeRecipient, fee }: ReceiptView): PaymentTerms => ({
  recipient: recipient.toLowerCase(),
  feeRecipient: feeRecipient.toLowerCase(),
  fee: BigInt(fee),
});

/** Reads all that a judgement needs, as it is in a block. */
export async function readEvidence(
  endpoint: RpcEndpoint,
  block: Block,
  facts: DeploymentFacts,
  receipt: ReceiptView,
  refusal: RefusalView | undefined,
  questions: PayeeQuestions,
): Promise<ReceiptEvidence> {
  const { deployment, calendar } = facts;
  const { epoch } = receipt;
  const checkpoint = await readCheckpoint(endpoint, deployment, epoch, block);
  const state = await readEpochState(endpoint, deployment, epoch, block);
  const since = await firstBlockAt(endpoint, receipt.takenAt, block.number);
  const logs =
    since === undefined
      ? []
      : await readLogs(endpoint, deployment.distributor, since, block.number);
  const own = logs.filter((log) => isOfClaim(log, receipt));
  const paid = await paymentOf(endpoint, own);
  const openEpoch = callData('openEpoch(uint256)', uintWord(BigInt(epoch)));
  const call = { to: deployment.distributor, data: openEpoch };
  return {
    now: block.time,
    root: checkpoint.root,
    windowEnds: windowEnd(calendar, epoch),
    ...(paid && { paid }),
    pauses: await pausesOf(endpoint, logs, receipt.takenAt),
    ...(state.isOpened && { amount: state.amount }),
    isWithoutMoney: !state.isOpened && (await endpoint.isRefused(call, block.number)),
    isCensusReached: state.claimed >= checkpoint.memberCount,
    isRecipientRefused:
      own.some(isFailedTransfer) ||
      (!paid && (await arePayeesRefused(endpoint, block, facts, receipt, refusal, questions))),
  };
}

function isOfClaim({ topics }: Log, { epoch, nullifierHash }: ReceiptView): boolean {
  const [kind, ofEpoch, ofNullifier] = topics;
  return (
    [CLAIMED, FEE_PAID, SKIPPED].some((it) => it === kind) &&
    ofEpoch === `0x${uintWord(BigInt(epoch))}` &&
    ofNullifier === nullifierHash.toLowerCase()
  );
}

const isFailedTransfer = ({ topics, data }: Log) =>
  topics[0] === SKIPPED && uintOf(wordsOf(data, 2)[0] ?? '') === TRANSFER_FAILED;

async function paymentOf(
  endpoint: RpcEndpoint,
  logs: readonly Log[],
): Promise<ReceiptEvidence['paid']> {
  const claimed = logs.find(({ topics }) => topics[0] === CLAIMED);
  if (!claimed) return undefined;
  const feePaid = logs.find(({ topics }) => topics[0] === FEE_PAID);
  return {
    at: (await endpoint.block(claimed.blockNumber)).time,
    payment: {
      recipient: addressOf(claimed.topics[3] ?? ''),
      feeRecipient: feePaid ? addressOf(feePaid.topics[3] ?? '') : NO_ADDRESS,
      fee: feePaid ? uintOf(wordsOf(feePaid.data, 1)[0] ?? '') : 0n,
    },
  };
}

/** Puts pauses together. No claim is taken during one, so a pause that ends first began at once. */
async function pausesOf(
  endpoint: RpcEndpoint,
  logs: readonly Log[],
  takenAt: number,
): Promise<Pause[]> {
  const pauses: Pause[] = [];
  for (const { topics, blockNumber } of logs) {
    if (topics[0] !== PAUSED && topics[0] !== UNPAUSED) continue;
    const at = (await endpoint.block(blockNumber)).time;
    const last = pauses.at(-1);
    if (topics[0] === PAUSED) pauses.push({ from: at });
    else if (last && last.to === undefined) last.to = at;
    else pauses.push({ from: takenAt, to: at });
  }
  return pauses;
}

/**
 * Returns whether a payee is one that would lose the money, or one that the token refuses to pay:
 * now, or in the block of the refusal, if the endpoint still has its state.
 */
async function arePayeesRefused(
  endpoint: RpcEndpoint,
  block: Block,
  { deployment }: DeploymentFacts,
  receipt: ReceiptView,
  refusal: RefusalView | undefined,
  questions: PayeeQuestions,
): Promise<boolean> {
  const { recipient, feeRecipient, fee } = termsOf(receipt);
  const payees = fee > 0n ? [recipient, feeRecipient] : [recipient];
  const losing = [NO_ADDRESS, deployment.token, deployment.distributor];
  if (payees.some((payee) => losing.includes(payee))) return true;
  if (questions === 'do-not-ask') return false;
  const blocks = refusal ? [refusal.blockNumber, block.number] : [block.number];
  for (const payee of payees) {
    const data = callData('transfer(address,uint256)', addressWord(payee), uintWord(0n));
    const call = { from: deployment.distributor, to: deployment.token, data };
    for (const number of blocks) if (await endpoint.isRefused(call, number)) return true;
  }
  return false;
}
