/**
 * Work of a transfer: reading what a plan needs, having the wallet sign, and sending what was
 * kept. Nothing is sent that was not kept before, so that a closed tab loses and repeats nothing.
 */

import { addressWord, callData, uintWord } from '../../chain/abi.ts';
import { readBalance, readPermitDomain, readPermitNonce } from '../../chain/contracts.ts';
import type { Reading } from '../../chain/reading.ts';
import {
  RpcError,
  type Block,
  type CallToEstimate,
  type GasPrices,
  type RpcEndpoint,
} from '../../chain/rpc.ts';
import type { DeploymentFacts } from '../deployment/deployment.ts';
import type { AccountAction, GasTerms, OwnAccount, SigningWallet } from '../ports.ts';
import { onChain, whyNotRead, type NotChecked } from '../present/present.ts';
import {
  gasLimits,
  type CoinPart,
  type CoinPlan,
  type GasMoney,
  type OwnMoney,
  type Plan,
  type TokenPlan,
} from './plan.ts';
import type { SendPurpose } from './flow.ts';
import {
  afterSeeing,
  isSettledTransfer,
  newStep,
  newTransfer,
  stepsToSend,
  versionsOf,
  type SeenTransfer,
  type Transfer,
  type TransferStep,
} from './transfer.ts';
import type { TransferStorage } from './transfers.ts';

/** Time for which a permit holds, in seconds of the chain. */
export const PERMIT_SECS = 86_400;
/** Gas of a payment in coin to an account without code. It is exact. */
export const PLAIN_GAS = 21_000;
/** Part by which an estimate of gas is exceeded at most, as a fraction. */
const GAS_MARGIN = { above: 6, of: 5 };

/** Surroundings of transfers. */
export interface SendingContext {
  facts: DeploymentFacts;
  endpoints: readonly RpcEndpoint[];
  wallet: SigningWallet;
  storage: TransferStorage;
  /** Runs work while no other tab runs any under this. */
  runAlone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Failure of the way to the chain; nothing was signed. */
export class SendingError extends Error {
  override readonly name = 'SendingError';

  constructor(readonly why: NotChecked | 'under-way' | 'would-fail' | 'changed') {
    super(why);
  }
}

/** Holdings of the person's accounts, as the chain has them in one block. */
export interface Holdings {
  accounts: readonly OwnMoney[];
  gas: GasMoney;
  block: Block;
}

/** Reads a value in one block, as all that is shown is read. */
export async function readIn<Value>(
  { endpoints, facts }: SendingContext,
  read: (endpoint: RpcEndpoint, block: Block) => Promise<Value>,
): Promise<Reading<Value>> {
  const outcome = await onChain(endpoints, facts, read);
  if (outcome.kind === 'read') return outcome.reading;
  throw new SendingError(whyNotRead(outcome, endpoints.length));
}

/** Asks one endpoint after the other for what differs between them, such as prices. */
async function askAny<Value>(
  { endpoints }: SendingContext,
  ask: (endpoint: RpcEndpoint) => Promise<Value>,
): Promise<Value> {
  let last: unknown = new SendingError('no-endpoint');
  for (const endpoint of endpoints) {
    try {
      return await ask(endpoint);
    } catch (error) {
      last = error;
    }
  }
  throw last instanceof RpcError ? new SendingError('no-answer') : last;
}

/** Reads what the accounts of epochs hold. The endpoints learn that they belong together. */
export async function readHoldings(
  context: SendingContext,
  epochs: readonly number[],
): Promise<Holdings> {
  const { facts, wallet } = context;
  const gasAddress = await wallet.gasAddress();
  const addresses = await Promise.all(
    epochs.map(async (epoch) => ({ epoch, address: await wallet.receiveAddress(epoch) })),
  );
  const { value, block } = await readIn(context, async (endpoint, block) => ({
    gas: { address: gasAddress, coin: await endpoint.coinOf(gasAddress, block.number) },
    accounts: await Promise.all(
      addresses.map(async ({ epoch, address }) => ({
        epoch,
        address,
        tokens: await readBalance(endpoint, facts.deployment, address, block),
        coin: await endpoint.coinOf(address, block.number),
      })),
    ),
  }));
  return { ...value, block };
}

/** Reads the prices of gas. */
export async function readGasPrices(context: SendingContext): Promise<GasPrices> {
  return askAny(context, (endpoint) => endpoint.gasPrices());
}

/** Estimates the gas of a transaction from an account, with a margin. */
export async function estimateGas(context: SendingContext, call: CallToEstimate): Promise<number> {
  const gas = await askAny(context, (endpoint) =>
    endpoint.estimateGas(call).catch((error: unknown) => {
      const isRefused = error instanceof RpcError && error.failure.kind === 'refused';
      throw isRefused ? new SendingError('would-fail') : error;
    }),
  );
  return gas === PLAIN_GAS ? gas : Math.ceil((gas * GAS_MARGIN.above) / GAS_MARGIN.of);
}

/** Estimates the gas of a transfer of tokens that an account holds. */
export async function estimateTransfer(
  context: SendingContext,
  from: OwnMoney,
  to: string,
): Promise<number> {
  const data = callData('transfer(address,uint256)', addressWord(to), uintWord(from.tokens));
  return estimateGas(context, { from: from.address, to: context.facts.deployment.token, data });
}

/** Estimates the gas of a payment in coin. */
export async function estimateCoin(
  context: SendingContext,
  { address, amount }: CoinPart,
  to: string,
): Promise<number> {
  return estimateGas(context, { from: address, to, value: amount });
}

/** Signs the transactions of a plan and keeps them. The runner sends them. */
export async function signPlan(
  context: SendingContext,
  purpose: SendPurpose,
  plan: Plan,
  prices: GasPrices,
): Promise<Transfer> {
  return signAndKeep(context, async () => {
    const signer = new Signer(context, prices);
    const steps = await (plan.asset === 'coin'
      ? signCoin(signer, plan)
      : signTokens(context, signer, plan));
    const about = { purpose, to: plan.to, amount: plan.amount.toString() };
    return newTransfer({ ...about, epochs: epochsOf(plan) }, steps);
  });
}

/** Returns the epochs whose accounts take part in a plan. */
export function epochsOf(plan: Plan): number[] {
  return plan.asset === 'token'
    ? plan.parts.map(({ epoch }) => epoch)
    : plan.parts.flatMap(({ account }) => (account.kind === 'receive' ? [account.epoch] : []));
}

async function signCoin(signer: Signer, plan: CoinPlan): Promise<TransferStep[]> {
  const steps: TransferStep[] = [];
  for (const { account, address, amount } of plan.parts) {
    const action: AccountAction = { kind: 'coin', to: plan.to, amount: amount.toString() };
    steps.push(await signer.sign(account, address, plan.need.gasLimit, action));
  }
  return steps;
}

async function signTokens(
  context: SendingContext,
  signer: Signer,
  plan: TokenPlan,
): Promise<TransferStep[]> {
  const steps: TransferStep[] = [];
  const limits = gasLimits(plan.need);
  for (const { epoch, address, amount, payer } of plan.parts) {
    const moved = { to: plan.to, amount: amount.toString() };
    if (payer === 'own') {
      const account: OwnAccount = { kind: 'receive', epoch };
      steps.push(await signer.sign(account, address, limits.transfer, { kind: 'transfer', ...moved }));
      continue;
    }
    const gas = await context.wallet.gasAddress();
    const permit = await permitOf(context, epoch, address, moved.amount);
    steps.push(await signer.sign({ kind: 'gas' }, gas, limits.permit, permit));
    const move: AccountAction = { kind: 'move', owner: epoch, ...moved };
    steps.push(await signer.sign({ kind: 'gas' }, gas, limits.move, move));
  }
  return steps;
}

/** Signs one transaction for the distributor and keeps it. */
export async function signClaim(
  context: SendingContext,
  account: OwnAccount,
  address: string,
  gasLimit: number,
  claim: (AccountAction & { kind: 'claim' })['claim'],
  prices: GasPrices,
): Promise<Transfer> {
  return signAndKeep(context, async () => {
    const signer = new Signer(context, prices);
    const step = await signer.sign(account, address, gasLimit, { kind: 'claim', claim });
    const about = { purpose: 'claim' as const, to: claim.recipient, epochs: [claim.epoch] };
    return newTransfer(about, [step]);
  });
}

/**
 * Signs a transfer and keeps it, unless another one is under way: its nonces would be those of
 * this one. No other tab signs or sends meanwhile.
 */
async function signAndKeep(
  { storage, runAlone }: SendingContext,
  sign: () => Promise<Transfer>,
): Promise<Transfer> {
  return runAlone(async () => {
    const isUnderWay = (await storage.all()).some(({ state }) => state.kind === 'sending');
    if (isUnderWay) throw new SendingError('under-way');
    const transfer = await sign();
    await storage.put(transfer);
    return transfer;
  });
}

async function permitOf(
  context: SendingContext,
  owner: number,
  address: string,
  amount: string,
): Promise<AccountAction> {
  const { deployment } = context.facts;
  const { value, block } = await readIn(context, async (endpoint, block) => ({
    domain: await readPermitDomain(endpoint, deployment, block),
    nonce: await readPermitNonce(endpoint, deployment, address, block),
  }));
  return {
    kind: 'permit',
    owner,
    amount,
    permitNonce: value.nonce.toString(),
    deadline: block.time + PERMIT_SECS,
    domain: value.domain,
  };
}

/** Signs transactions one after the other, each with the next nonce of its account. */
class Signer {
  readonly #next = new Map<string, number>();

  constructor(
    private readonly context: SendingContext,
    private readonly prices: GasPrices,
  ) {}

  async sign(
    account: OwnAccount,
    address: string,
    gasLimit: number,
    action: AccountAction,
  ): Promise<TransferStep> {
    const nonce =
      this.#next.get(address) ??
      (await askAny(this.context, (endpoint) => endpoint.transactionCount(address, 'pending')));
    this.#next.set(address, nonce + 1);
    const { maxFeePerGas, maxPriorityFeePerGas } = this.prices;
    const terms: GasTerms = {
      nonce,
      gasLimit,
      maxFeePerGas: maxFeePerGas.toString(),
      maxPriorityFeePerGas: maxPriorityFeePerGas.toString(),
    };
    const signed = await this.context.wallet.signAction(account, action, terms);
    return newStep(signed, { account, action, terms });
  }
}

/** Looks at every transfer that is not settled, and sends again what is in no block. */
export async function workOnTransfers(context: SendingContext): Promise<readonly Transfer[]> {
  const { storage, runAlone } = context;
  return runAlone(async () => {
    for (const transfer of await storage.all()) {
      if (isSettledTransfer(transfer)) continue;
      const seen = await look(context, transfer).catch(() => undefined);
      if (!seen) continue;
      const after = afterSeeing(transfer, seen);
      if (after !== transfer) await storage.put(after);
      for (const { raw } of stepsToSend(after, seen.receipts)) await sendToAll(context, raw);
    }
    return storage.all();
  });
}

/** Looks for the transactions of a transfer in the chain, in one block. */
export async function look(context: SendingContext, transfer: Transfer): Promise<SeenTransfer> {
  const { confirmations } = context.facts;
  const { value, block, sources } = await readIn(context, async (endpoint, block) => {
    const deep = Math.max(0, block.number - confirmations);
    return {
      counts: await Promise.all(
        transfer.steps.map(({ from }) => endpoint.transactionCount(from, deep)),
      ),
      receipts: await Promise.all(
        transfer.steps.map(async (step) => {
          const hashes = versionsOf(step).map(({ hash }) => hash);
          const receipts = await Promise.all(hashes.map((hash) => endpoint.receipt(hash)));
          // What came after the block that is compared is seen the next time.
          return receipts.find((it) => it && it.blockNumber <= block.number);
        }),
      ),
    };
  });
  return { ...value, newestBlock: block.number, confirmations, sources };
}

/** Sends a transaction through every endpoint: one of them may keep it to itself. */
async function sendToAll({ endpoints }: SendingContext, raw: string): Promise<void> {
  // An endpoint that knows it already refuses; the next look tells what became of it.
  await Promise.all(endpoints.map((endpoint) => endpoint.send(raw).catch(() => undefined)));
}
