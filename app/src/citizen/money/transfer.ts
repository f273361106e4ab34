/**
 * Life of the person's own transactions: signed and kept, sent, in a block, final. What is kept is
 * ready to be sent and holds no key; the same bytes can be sent any number of times and count once.
 */

import type { TransactionReceipt } from '../../chain/rpc.ts';

/** Transaction of a transfer. Steps of one sender follow each other by their nonces. */
export interface TransferStep {
  raw: string;
  hash: string;
  from: string;
  nonce: number;
}

/** State of a transfer, of all its steps together. */
export type TransferState =
  | { kind: 'sending' }
  /** In blocks that a reorg could take away; `blockNumber` is the highest of them. */
  | { kind: 'mined'; blockNumber: number }
  | { kind: 'final'; blockNumber: number }
  /** A step failed in its block, or another transaction has taken its place. */
  | { kind: 'failed'; why: 'reverted' | 'overtaken' };

/** Transfer as it is kept on the device. */
export interface Transfer {
  /** Hash of the last step. */
  id: string;
  purpose: 'send' | 'sweep' | 'claim';
  to: string;
  /** Decimal, in the token's smallest unit; of a claim nothing, because the chain decides it. */
  amount?: string;
  /** Epochs whose accounts become linked, and that of a claim. */
  epochs: readonly number[];
  steps: readonly TransferStep[];
  state: TransferState;
}

/** Facts of the chain about a transfer, in one block. */
export interface SeenTransfer {
  /** Receipt of each step. */
  receipts: readonly (TransactionReceipt | undefined)[];
  /** Transactions that each step's sender has in blocks that are final. */
  counts: readonly number[];
  newestBlock: number;
  confirmations: number;
}

/** Begins the life of signed transactions. */
export function newTransfer(
  about: Pick<Transfer, 'purpose' | 'to' | 'amount' | 'epochs'>,
  steps: readonly TransferStep[],
): Transfer {
  return { ...about, id: steps.at(-1)?.hash ?? '', steps, state: { kind: 'sending' } };
}

/** Returns whether nothing can change a transfer any longer. */
export function isSettledTransfer({ state }: Transfer): boolean {
  return state.kind === 'final' || state.kind === 'failed';
}

/** Returns a transfer after the chain was looked at. Only the chain says what has happened. */
export function afterSeeing(transfer: Transfer, seen: SeenTransfer): Transfer {
  if (isSettledTransfer(transfer)) return transfer;
  const { receipts, counts, newestBlock, confirmations } = seen;
  const blocks = receipts.map((receipt) => receipt?.blockNumber);
  const isDeep = (block: number) => block + confirmations <= newestBlock;
  const failed = receipts.find((receipt) => receipt && !receipt.isDone);
  if (failed && isDeep(failed.blockNumber)) return withState(transfer, failedBy('reverted'));
  const isOvertaken = transfer.steps.some(
    ({ nonce }, place) => receipts[place] === undefined && (counts[place] ?? 0) > nonce,
  );
  if (isOvertaken && !failed) return withState(transfer, failedBy('overtaken'));
  if (failed || blocks.some((it) => it === undefined)) {
    return withState(transfer, { kind: 'sending' });
  }
  const blockNumber = Math.max(...blocks.map((it) => it ?? 0));
  return withState(transfer, { kind: isDeep(blockNumber) ? 'final' : 'mined', blockNumber });
}

function failedBy(why: 'reverted' | 'overtaken'): TransferState {
  return { kind: 'failed', why };
}

function withState(transfer: Transfer, state: TransferState): Transfer {
  return JSON.stringify(state) === JSON.stringify(transfer.state)
    ? transfer
    : { ...transfer, state };
}

/** Returns the steps that have to be sent: those in no block. */
export function stepsToSend(
  { steps, state }: Transfer,
  receipts: readonly (TransactionReceipt | undefined)[],
): readonly TransferStep[] {
  if (state.kind !== 'sending') return [];
  return steps.filter((_, place) => receipts[place] === undefined);
}
