/**
 * Life of the person's own transactions: signed and kept, sent, in a block, final. What is kept is
 * ready to be sent and holds no key; the same bytes can be sent any number of times and count once.
 * A transaction that no block takes can be replaced by another with its nonce; the chain takes one
 * of the two.
 */

import type { TransactionReceipt } from '../../chain/rpc.ts';
import type { Checked } from '../present/present.ts';
import type { AccountAction, GasTerms, OwnAccount, SignedTransaction } from '../ports.ts';

/** Order by which the wallet signed a transaction. It holds no secret. */
export interface StepOrder {
  account: OwnAccount;
  action: AccountAction;
  terms: GasTerms;
}

/** Transaction among those with one nonce, of which the chain takes one. */
export interface StepVersion {
  hash: string;
  order: StepOrder;
  /** True of an empty transaction, which takes the place of the one that is called off. */
  isCancelling: boolean;
}

/** Transaction of a transfer. Steps of one sender follow each other by their nonces. */
export interface TransferStep extends SignedTransaction, StepVersion {
  /** Transactions that this one is to replace, the newest first. They may still come into a block. */
  earlier: readonly StepVersion[];
}

/**
 * State of a transfer, of all its steps together. Its evidence is the reading that showed it first;
 * transfers of earlier versions have none.
 */
export type TransferState =
  | { kind: 'sending' }
  /** In blocks that a reorg could take away; `blockNumber` is the highest of them. */
  | { kind: 'mined'; blockNumber: number; evidence?: Checked }
  | { kind: 'final'; blockNumber: number; evidence?: Checked }
  /** Empty transactions have taken the place of steps. */
  | { kind: 'cancelled'; blockNumber: number; isFinal: boolean; evidence?: Checked }
  /** A step failed in its block, or another transaction has taken its place. */
  | { kind: 'failed'; why: 'reverted' | 'overtaken'; evidence?: Checked };

/** Transfer as it is kept on the device. */
export interface Transfer {
  /** Hash of the last step as it was signed first. */
  id: string;
  purpose: 'send' | 'sweep' | 'coin' | 'claim';
  to: string;
  /** Decimal, in the smallest unit; of a claim nothing, because the chain decides it. */
  amount?: string;
  /** Epochs whose accounts become linked, and that of a claim. */
  epochs: readonly number[];
  steps: readonly TransferStep[];
  state: TransferState;
}

/** Facts of the chain about a transfer, in one block. */
export interface SeenTransfer {
  /** Receipt of each step, of whichever of its versions has one. */
  receipts: readonly (TransactionReceipt | undefined)[];
  /** Transactions that each step's sender has in blocks that are final. */
  counts: readonly number[];
  newestBlock: number;
  confirmations: number;
  /** Endpoints that showed it. */
  sources: readonly string[];
}

/** Begins the life of a signed transaction. */
export function newStep(signed: SignedTransaction, order: StepOrder): TransferStep {
  return { ...signed, order, isCancelling: false, earlier: [] };
}

/** Begins the life of signed transactions. */
export function newTransfer(
  about: Pick<Transfer, 'purpose' | 'to' | 'amount' | 'epochs'>,
  steps: readonly TransferStep[],
): Transfer {
  return { ...about, id: steps.at(-1)?.hash ?? '', steps, state: { kind: 'sending' } };
}

/** Returns a step with a further transaction in the place of its present one. */
export function replacedStep(
  { hash, order, isCancelling, earlier }: TransferStep,
  signed: SignedTransaction,
  next: Omit<StepVersion, 'hash'>,
): TransferStep {
  return { ...signed, ...next, earlier: [{ hash, order, isCancelling }, ...earlier] };
}

/** Returns all transactions that a step may come into a block as. */
export function versionsOf(step: TransferStep): readonly StepVersion[] {
  return [step, ...step.earlier];
}

/** Returns whether two readings of a transfer would have the same transactions sent. */
export function hasSameSteps(one: Transfer, other: Transfer): boolean {
  const hashes = ({ steps }: Transfer) => steps.map(({ hash }) => hash).join();
  return hashes(one) === hashes(other);
}

/** Returns whether nothing can change a transfer any longer. */
export function isSettledTransfer({ state }: Transfer): boolean {
  return state.kind === 'final' || state.kind === 'failed' || isCancelledForGood(state);
}

function isCancelledForGood(state: TransferState): boolean {
  return state.kind === 'cancelled' && state.isFinal;
}

/** Returns whether the person has called a transfer off, whatever became of that. */
export function isCalledOff({ steps }: Transfer): boolean {
  return steps.some(({ isCancelling }) => isCancelling);
}

/** Returns a transfer after the chain was looked at. Only the chain says what has happened. */
export function afterSeeing(transfer: Transfer, seen: SeenTransfer): Transfer {
  if (isSettledTransfer(transfer)) return transfer;
  const { receipts, counts, newestBlock, confirmations, sources } = seen;
  const evidence: Checked = { kind: 'checked', blockNumber: newestBlock, sources };
  const blocks = receipts.map((receipt) => receipt?.blockNumber);
  const isDeep = (block: number) => block + confirmations <= newestBlock;
  const failed = receipts.find((receipt) => receipt && !receipt.isDone);
  if (failed && isDeep(failed.blockNumber)) {
    return withState(transfer, { kind: 'failed', why: 'reverted', evidence });
  }
  const isOvertaken = transfer.steps.some(
    ({ nonce }, place) => receipts[place] === undefined && (counts[place] ?? 0) > nonce,
  );
  if (isOvertaken && !failed) {
    return withState(transfer, { kind: 'failed', why: 'overtaken', evidence });
  }
  if (failed || blocks.some((it) => it === undefined)) {
    return withState(transfer, { kind: 'sending' });
  }
  const blockNumber = Math.max(...blocks.map((it) => it ?? 0));
  const taken = takenVersions(transfer, receipts);
  return inBlocks(transfer, taken, isDeep(blockNumber), { blockNumber, evidence });
}

/** Returns the version of each step that has a receipt. */
function takenVersions(
  { steps }: Transfer,
  receipts: SeenTransfer['receipts'],
): readonly StepVersion[] {
  return steps.map(
    (step, place) =>
      versionsOf(step).find(({ hash }) => hash === receipts[place]?.transactionHash) ?? step,
  );
}

function inBlocks(
  transfer: Transfer,
  taken: readonly StepVersion[],
  isFinal: boolean,
  seen: { blockNumber: number; evidence: Checked },
): Transfer {
  if (taken.some(({ isCancelling }) => isCancelling)) {
    return withState(transfer, { kind: 'cancelled', isFinal, ...seen });
  }
  const after = withState(transfer, { kind: isFinal ? 'final' : 'mined', ...seen });
  const amount = coinMoved(taken).toString();
  // An earlier version may have moved another amount.
  return after.purpose === 'coin' && amount !== after.amount ? { ...after, amount } : after;
}

/** Returns the coin that transactions move together, in wei. */
export function coinMoved(versions: readonly { order: StepOrder }[]): bigint {
  const amounts = versions.map(({ order: { action } }) =>
    action.kind === 'coin' ? BigInt(action.amount) : 0n,
  );
  return amounts.reduce((sum, it) => sum + it, 0n);
}

/** Returns the most that transactions cost together, in wei. */
export function highestCost(versions: readonly { order: StepOrder }[]): bigint {
  const costs = versions.map(
    ({ order: { terms } }) => BigInt(terms.gasLimit) * BigInt(terms.maxFeePerGas),
  );
  return costs.reduce((sum, it) => sum + it, 0n);
}

function withState(transfer: Transfer, state: TransferState): Transfer {
  return isSameState(state, transfer.state) ? transfer : { ...transfer, state };
}

/** Returns whether two states say the same, whichever readings showed them. */
function isSameState(one: TransferState, other: TransferState): boolean {
  const factsOf = (state: TransferState) =>
    JSON.stringify(state, (key, value: unknown) => (key === 'evidence' ? undefined : value));
  return factsOf(one) === factsOf(other);
}

/** Returns the steps that have to be sent: those in no block. */
export function stepsToSend(
  { steps, state }: Transfer,
  receipts: readonly (TransactionReceipt | undefined)[],
): readonly TransferStep[] {
  if (state.kind !== 'sending') return [];
  return steps.filter((_, place) => receipts[place] === undefined);
}
