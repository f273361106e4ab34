/**
 * Transactions in the place of those that no block has taken: the same ones at a higher price, or
 * empty ones. Each has the nonce of the one that it replaces, so the chain takes one of the two
 * whatever happens, and nothing is sent twice.
 */

import type { Block, GasPrices } from '../../chain/rpc.ts';
import type { AccountAction } from '../ports.ts';
import type { SendStop } from './flow.ts';
import {
  estimateGas,
  look,
  PERMIT_SECS,
  readGasPrices,
  readIn,
  SendingError,
  type SendingContext,
} from './sending.ts';
import {
  afterSeeing,
  coinMoved,
  hasSameSteps,
  highestCost,
  isCalledOff,
  replacedStep,
  type StepOrder,
  type Transfer,
  type TransferStep,
} from './transfer.ts';

/** Change of a transfer that is under way: a higher price, or nothing in its place. */
export type Change = 'raise' | 'cancel';

/** Most transactions that are signed in the place of one. */
export const MAX_REPLACEMENTS = 10;
/** Factor by which both prices rise at least; nodes ask for 11/10. */
const RAISE = { above: 9n, of: 8n };

/** Step that is in no block, and the order for the transaction in its place. */
export interface StepReplacement {
  step: TransferStep;
  order: StepOrder;
}

/** Replacement of all steps of a transfer that are in no block. */
export interface Replacement {
  change: Change;
  /** Transfer as it was when this was planned. */
  transfer: Transfer;
  replacements: readonly StepReplacement[];
  /** Most that the replaced steps would have cost, and the most that the new ones cost, in wei. */
  costBeforeWei: bigint;
  costWei: bigint;
  /** Coin that is sent instead, in wei, where an account holds too little for what was asked. */
  lessCoin?: bigint;
  /** True where other steps are in blocks already, and stay there. */
  isPartly: boolean;
}

/** Returns prices that nodes take for a transaction in the place of another, and the market too. */
export function raisedPrices(before: GasPrices, market: GasPrices): GasPrices {
  const tip = larger(raised(before.maxPriorityFeePerGas), market.maxPriorityFeePerGas);
  const fee = larger(raised(before.maxFeePerGas), market.maxFeePerGas);
  return { maxFeePerGas: larger(fee, tip), maxPriorityFeePerGas: tip };
}

/** Rises a price of nothing too. */
const raised = (price: bigint) => (price * RAISE.above) / RAISE.of + 1n;
const larger = (one: bigint, other: bigint) => (one > other ? one : other);

/** Plans to replace the steps that are in no block. Nothing is signed. */
export async function planReplacement(
  context: SendingContext,
  transfer: Transfer,
  change: Change,
): Promise<{ plan: Replacement } | { stop: SendStop }> {
  const seen = await look(context, transfer);
  if (afterSeeing(transfer, seen).state.kind !== 'sending') return { stop: { kind: 'settled' } };
  const steps = transfer.steps.filter((_, place) => seen.receipts[place] === undefined);
  if (steps.some(({ earlier }) => earlier.length >= MAX_REPLACEMENTS)) {
    return { stop: { kind: 'too-often' } };
  }
  const market = await readGasPrices(context);
  const { value: coins, block } = await readCoins(context, steps);
  const asked = await Promise.all(
    steps.map(async (step): Promise<StepReplacement> => {
      return { step, order: await orderInPlaceOf(context, step, change, market, block) };
    }),
  );
  const afforded = afford(asked, coins);
  if ('stop' in afforded) return afforded;
  const { replacements, isLess } = afforded;
  return {
    plan: {
      change,
      transfer,
      replacements,
      costBeforeWei: highestCost(steps),
      costWei: highestCost(replacements),
      ...(isLess && { lessCoin: coinMoved(replacements) }),
      isPartly: steps.length < transfer.steps.length,
    },
  };
}

/** Reads what the senders of steps hold, in wei. */
async function readCoins(context: SendingContext, steps: readonly TransferStep[]) {
  const senders = [...new Set(steps.map(({ from }) => from))];
  const { value, block } = await readIn(context, (endpoint, { number }) =>
    Promise.all(senders.map((sender) => endpoint.coinOf(sender, number))),
  );
  return { value: new Map(senders.map((sender, place) => [sender, value[place] ?? 0n])), block };
}

async function orderInPlaceOf(
  context: SendingContext,
  { order, from }: TransferStep,
  change: Change,
  market: GasPrices,
  block: Block,
): Promise<StepOrder> {
  const { account, action, terms } = order;
  const before = {
    maxFeePerGas: BigInt(terms.maxFeePerGas),
    maxPriorityFeePerGas: BigInt(terms.maxPriorityFeePerGas),
  };
  const { maxFeePerGas, maxPriorityFeePerGas } = raisedPrices(before, market);
  const prices = {
    maxFeePerGas: maxFeePerGas.toString(),
    maxPriorityFeePerGas: maxPriorityFeePerGas.toString(),
  };
  if (change === 'raise') {
    return { account, action: renewed(action, block), terms: { ...terms, ...prices } };
  }
  const gasLimit = await estimateGas(context, { from, to: from, value: 0n });
  const nothing: AccountAction = { kind: 'coin', to: from, amount: '0' };
  return { account, action: nothing, terms: { ...terms, ...prices, gasLimit } };
}

/** Gives a permit its time anew: the token refuses one whose time is over. */
function renewed(action: AccountAction, { time }: Block): AccountAction {
  return action.kind === 'permit' ? { ...action, deadline: time + PERMIT_SECS } : action;
}

/** Returns the replacements that the accounts can pay for; coin for the cost goes before coin that is sent. */
function afford(
  asked: readonly StepReplacement[],
  coins: ReadonlyMap<string, bigint>,
): { replacements: StepReplacement[]; isLess: boolean } | { stop: SendStop } {
  const replacements: StepReplacement[] = [];
  for (const { step, order } of asked) {
    const ofSender = asked.filter((it) => it.step.from === step.from);
    const left = (coins.get(step.from) ?? 0n) - highestCost(ofSender);
    if (left < 0n) {
      const isOwn = order.account.kind === 'receive';
      return { stop: { kind: 'no-gas', address: step.from, missingWei: -left, isOwn } };
    }
    const { action } = order;
    if (action.kind !== 'coin' || BigInt(action.amount) <= left) {
      replacements.push({ step, order });
    } else if (left === 0n) {
      return { stop: { kind: 'no-coin' } };
    } else {
      replacements.push({ step, order: { ...order, action: { ...action, amount: `${left}` } } });
    }
  }
  const isLess = coinMoved(replacements) < coinMoved(asked);
  return { replacements, isLess };
}

/**
 * Signs a replacement and keeps it; the runner sends it. Refused where the transfer is not the one
 * that was planned for any longer: another tab may have signed meanwhile.
 */
export async function signReplacement(
  { storage, wallet, runAlone }: SendingContext,
  { change, transfer, replacements }: Replacement,
): Promise<Transfer> {
  return runAlone(async () => {
    const kept = (await storage.all()).find(({ id }) => id === transfer.id);
    if (!kept || kept.state.kind !== 'sending' || !hasSameSteps(kept, transfer)) {
      throw new SendingError('changed');
    }
    const steps: TransferStep[] = [];
    for (const step of kept.steps) {
      const order = replacements.find((it) => it.step.hash === step.hash)?.order;
      steps.push(order ? await signInPlaceOf(wallet, step, order, change) : step);
    }
    const isCoin = kept.purpose === 'coin' && change === 'raise' && !isCalledOff(kept);
    const after: Transfer = { ...kept, steps, ...(isCoin && { amount: `${coinMoved(steps)}` }) };
    await storage.put(after);
    return after;
  });
}

async function signInPlaceOf(
  wallet: SendingContext['wallet'],
  step: TransferStep,
  order: StepOrder,
  change: Change,
): Promise<TransferStep> {
  const { account, action, terms } = order;
  const signed = await wallet.signAction(account, action, terms);
  const isCancelling = change === 'cancel' || step.isCancelling;
  return replacedStep(step, signed, { order, isCancelling });
}
