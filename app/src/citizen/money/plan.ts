/**
 * Plan of a transfer: from which accounts the tokens come, who pays the gas, and what it costs at
 * most. Plain functions; what they work on was read from the chain. Coin is planned in `coin.ts`.
 */

import type { OwnAccount } from '../ports.ts';

/** Account that an epoch was paid to, and its holdings. */
export interface OwnMoney {
  epoch: number;
  address: string;
  /** In the token's smallest unit. */
  tokens: bigint;
  /** Coin for gas, in wei. */
  coin: bigint;
}

/** Account that pays the gas of other accounts, and its coin in wei. */
export interface GasMoney {
  address: string;
  coin: bigint;
}

/** Gas of a transfer of the token in units, and the highest price of a unit in wei. */
export interface GasNeed {
  transferGas: number;
  maxFeePerGas: bigint;
}

/** Part of a transfer that comes from one account. */
export interface Part {
  epoch: number;
  address: string;
  amount: bigint;
  /** Payer of the gas: the account itself, or the account for gas by a permit. */
  payer: 'own' | 'gas';
}

/** Transfer of tokens that can be made. */
export interface TokenPlan {
  asset: 'token';
  to: string;
  amount: bigint;
  parts: readonly Part[];
  /** Most that the gas costs in all, in wei. */
  costWei: bigint;
  need: GasNeed;
}

/** Gas limit of a payment in coin, and the highest price of a unit in wei. */
export interface CoinNeed {
  gasLimit: number;
  maxFeePerGas: bigint;
}

/** Part of a payment in coin that comes from one account, in wei. */
export interface CoinPart {
  account: OwnAccount;
  address: string;
  amount: bigint;
}

/** Payment in coin that can be made. */
export interface CoinPlan {
  asset: 'coin';
  to: string;
  /** In wei. */
  amount: bigint;
  parts: readonly CoinPart[];
  /** Most that the gas costs in all, in wei. */
  costWei: bigint;
  need: CoinNeed;
}

/** Transfer that can be made. */
export type Plan = TokenPlan | CoinPlan;

/** Reason for which a transfer cannot be made. Nothing was sent. */
export type PlanStop =
  | { kind: 'nothing' }
  | { kind: 'too-little'; held: bigint }
  /** No account holds more coin than sending it costs. */
  | { kind: 'no-coin' }
  /** `most` can be sent after the cost, in wei. */
  | { kind: 'too-little-coin'; most: bigint }
  /** Nobody has coin enough for the gas. `address` is where it is needed, `missingWei` how much. */
  | { kind: 'no-gas'; address: string; missingWei: bigint; isOwn: boolean };

export type PlanOutcome = { kind: 'plan'; plan: Plan } | { kind: 'stopped'; stop: PlanStop };

/** Gas of a permit and of the move that follows, above that of a transfer. */
const PERMIT_EXTRA_GAS = 60_000;
const MOVE_EXTRA_GAS = 40_000;

/** Returns the gas limit of each transaction of a part. */
export function gasLimits({ transferGas }: GasNeed) {
  return {
    transfer: transferGas,
    permit: transferGas + PERMIT_EXTRA_GAS,
    move: transferGas + MOVE_EXTRA_GAS,
  };
}

/** Plans to send an amount, from as few accounts as can be. */
export function planSend(
  accounts: readonly OwnMoney[],
  gas: GasMoney,
  need: GasNeed,
  to: string,
  amount: bigint,
): PlanOutcome {
  const sources = accounts.filter(({ tokens, address }) => tokens > 0n && address !== to);
  const held = sources.reduce((sum, { tokens }) => sum + tokens, 0n);
  if (held < amount) return { kind: 'stopped', stop: { kind: 'too-little', held } };
  return planFrom(chosen(sources, amount), gas, need, to);
}

/** Plans to send all that is on the accounts. */
export function planSweep(
  accounts: readonly OwnMoney[],
  gas: GasMoney,
  need: GasNeed,
  to: string,
): PlanOutcome {
  const sources = accounts.filter(({ tokens, address }) => tokens > 0n && address !== to);
  if (sources.length === 0) return { kind: 'stopped', stop: { kind: 'nothing' } };
  return planFrom(sources.map((account) => ({ account, amount: account.tokens })), gas, need, to);
}

interface Source {
  account: OwnMoney;
  amount: bigint;
}

/** Chooses the smallest account that holds all of it, or else the largest ones. */
function chosen(accounts: readonly OwnMoney[], amount: bigint): Source[] {
  const bySize = [...accounts].sort((a, b) => (a.tokens < b.tokens ? -1 : 1));
  const alone = bySize.find(({ tokens }) => tokens >= amount);
  if (alone) return [{ account: alone, amount }];
  let left = amount;
  const sources: Source[] = [];
  for (const account of bySize.reverse()) {
    if (left === 0n) break;
    const part = account.tokens < left ? account.tokens : left;
    sources.push({ account, amount: part });
    left -= part;
  }
  return sources;
}

function planFrom(
  sources: readonly Source[],
  gas: GasMoney,
  need: GasNeed,
  to: string,
): PlanOutcome {
  const limits = gasLimits(need);
  const ownCost = BigInt(limits.transfer) * need.maxFeePerGas;
  const gasCost = BigInt(limits.permit + limits.move) * need.maxFeePerGas;
  const parts = sources.map(({ account, amount }): Part => ({
    epoch: account.epoch,
    address: account.address,
    amount,
    payer: account.coin >= ownCost ? 'own' : 'gas',
  }));
  const byGas = BigInt(parts.filter(({ payer }) => payer === 'gas').length);
  const gasTotal = byGas * gasCost;
  if (gas.coin < gasTotal) return { kind: 'stopped', stop: noGas(sources, gas, gasTotal, ownCost) };
  const costWei = gasTotal + (BigInt(parts.length) - byGas) * ownCost;
  const amount = parts.reduce((sum, part) => sum + part.amount, 0n);
  return { kind: 'plan', plan: { asset: 'token', to, amount, parts, costWei, need } };
}

/** Coin for one account is best put on it: that costs least and links it with no other. */
function noGas(
  sources: readonly Source[],
  gas: GasMoney,
  gasTotal: bigint,
  ownCost: bigint,
): PlanStop {
  const [only, ...others] = sources;
  if (only && others.length === 0) {
    const { address, coin } = only.account;
    return { kind: 'no-gas', address, missingWei: ownCost - coin, isOwn: true };
  }
  return {
    kind: 'no-gas',
    address: gas.address,
    missingWei: gasTotal - gas.coin,
    isOwn: false,
  };
}

/** Reason for which a text is no amount to send. */
export type AmountProblem = 'not-an-amount' | 'two-readings' | 'too-fine' | 'zero';

/**
 * Thousands to one half of the world and a fraction to the other, whichever language they read: such
 * an amount is asked for again, since a wrong guess is wrong by a factor of 1,000.
 */
const TWO_READINGS = /^[1-9][0-9]{0,2}[.,][0-9]{3}$/;

/** Reads an amount that a person wrote, in digits of any script, with a point or a comma. */
export function parseAmount(
  text: string,
  decimals: number,
): { units: bigint } | { problem: AmountProblem } {
  const written = text
    .trim()
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x0660));
  if (TWO_READINGS.test(written)) return { problem: 'two-readings' };
  const match = /^([0-9]{1,30})(?:[.,٫]([0-9]*))?$/.exec(written);
  if (!match) return { problem: 'not-an-amount' };
  const part = (match[2] ?? '').replace(/0+$/, '');
  if (part.length > decimals) return { problem: 'too-fine' };
  const units = BigInt((match[1] ?? '') + part.padEnd(decimals, '0'));
  return units === 0n ? { problem: 'zero' } : { units };
}
