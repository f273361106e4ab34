/**
 * Plan of sending the chain's own coin: from which accounts it comes, and what it costs at most. Each
 * account pays for itself, so none sends more than it holds less the cost. Plain functions; what
 * they work on was read from the chain.
 */

import type { OwnAccount } from '../ports.ts';
import type { CoinNeed, CoinPart, GasMoney, OwnMoney, PlanOutcome } from './plan.ts';

/** Account that holds coin, in wei. */
export interface CoinSource {
  account: OwnAccount;
  address: string;
  coin: bigint;
}

/** Decimal places of the coin that pays for gas. */
export const COIN_DECIMALS = 18;

/** Returns the accounts that may hold coin: those of epochs, and the one for gas at the end. */
export function coinSources(accounts: readonly OwnMoney[], gas: GasMoney): CoinSource[] {
  const ofEpochs = accounts.map(
    ({ epoch, address, coin }): CoinSource => ({
      account: { kind: 'receive', epoch },
      address,
      coin,
    }),
  );
  return [...ofEpochs, { account: { kind: 'gas' }, ...gas }];
}

/** Plans to send an amount of coin in wei, or all that is left after the cost. */
export function planCoin(
  sources: readonly CoinSource[],
  need: CoinNeed,
  to: string,
  wanted: bigint | 'all',
): PlanOutcome {
  const cost = BigInt(need.gasLimit) * need.maxFeePerGas;
  const able = sources
    .filter(({ coin, address }) => coin > cost && address !== to)
    .map(({ account, address, coin }): CoinPart => ({ account, address, amount: coin - cost }));
  const most = able.reduce((sum, { amount }) => sum + amount, 0n);
  if (most === 0n) return { kind: 'stopped', stop: { kind: 'no-coin' } };
  if (wanted !== 'all' && most < wanted) {
    return { kind: 'stopped', stop: { kind: 'too-little-coin', most } };
  }
  const parts = wanted === 'all' ? able : chosen(able, wanted);
  const amount = parts.reduce((sum, part) => sum + part.amount, 0n);
  const costWei = BigInt(parts.length) * cost;
  return { kind: 'plan', plan: { asset: 'coin', to, amount, parts, costWei, need } };
}

/**
 * Chooses the smallest account of an epoch that has enough, then the one for gas, which more may be
 * known of, and only else several accounts, the largest first.
 */
function chosen(able: readonly CoinPart[], amount: bigint): CoinPart[] {
  const bySize = [...able].sort((a, b) => (a.amount < b.amount ? -1 : 1));
  const enough = bySize.filter((part) => part.amount >= amount);
  const alone = enough.find(({ account }) => account.kind === 'receive') ?? enough[0];
  if (alone) return [{ ...alone, amount }];
  let left = amount;
  const parts: CoinPart[] = [];
  for (const part of bySize.reverse()) {
    if (left === 0n) break;
    const taken = part.amount < left ? part.amount : left;
    parts.push({ ...part, amount: taken });
    left -= taken;
  }
  return parts;
}
