import { describe, expect, it } from 'vitest';

import { address } from '../testing/fakes.ts';
import { coinSources, planCoin, type CoinSource } from './coin.ts';

const TO = address('e');
const NEED = { gasLimit: 21_000, maxFeePerGas: 2n };
const COST = 42_000n;
const GAS = address('d');
const sources = (coins: Record<number, bigint>, gas: bigint): CoinSource[] =>
  coinSources(
    Object.entries(coins).map(([epoch, coin]) => ({
      epoch: Number(epoch),
      address: address(epoch),
      tokens: 0n,
      coin,
    })),
    { address: GAS, coin: gas },
  );
const partsOf = (...given: Parameters<typeof planCoin>) => {
  const outcome = planCoin(...given);
  if (outcome.kind !== 'plan' || outcome.plan.asset !== 'coin') return outcome;
  return outcome.plan.parts.map(({ address, amount }) => [address, amount]);
};

describe('a plan of coin', () => {
  it('never sends more of an account than it holds less the cost', () => {
    const held = sources({ 1: COST + 5n }, COST + 7n);
    for (let wanted = 1n; wanted <= 12n; wanted += 1n) {
      const outcome = planCoin(held, NEED, TO, wanted);
      if (outcome.kind !== 'plan' || outcome.plan.asset !== 'coin') throw new Error('no plan');
      const { amount, parts, costWei } = outcome.plan;
      expect([amount, costWei]).toEqual([wanted, COST * BigInt(parts.length)]);
      for (const part of parts) {
        const source = held.find((it) => it.address === part.address);
        expect(part.amount + COST).toBeLessThanOrEqual(source?.coin ?? 0n);
      }
    }
    const stop = { kind: 'too-little-coin', most: 12n };
    expect(planCoin(held, NEED, TO, 13n)).toEqual({ kind: 'stopped', stop });
  });

  it('sends all that is left after the cost, from every account that has some', () => {
    const held = sources({ 1: COST + 5n, 2: COST, 3: COST - 1n }, COST + 7n);
    expect(partsOf(held, NEED, TO, 'all')).toEqual([
      [address('1'), 5n],
      [GAS, 7n],
    ]);
    expect(planCoin(held, NEED, TO, 'all')).toMatchObject({ plan: { amount: 12n, costWei: 2n * COST } });
  });

  it('takes the smallest account of an epoch that has enough, and then the one for gas', () => {
    const held = sources({ 1: COST + 90n, 2: COST + 50n, 3: COST + 20n }, COST + 200n);
    expect(partsOf(held, NEED, TO, 40n)).toEqual([[address('2'), 40n]]);
    expect(partsOf(held, NEED, TO, 91n)).toEqual([[GAS, 91n]]);
    expect(partsOf(held, NEED, TO, 250n)).toEqual([
      [GAS, 200n],
      [address('1'), 50n],
    ]);
  });

  it('is none where no account holds more than the cost, or only the receiver does', () => {
    const stopped = { kind: 'stopped', stop: { kind: 'no-coin' } };
    expect(planCoin(sources({ 1: COST }, 0n), NEED, TO, 1n)).toEqual(stopped);
    expect(planCoin(sources({ 1: COST }, 0n), NEED, TO, 'all')).toEqual(stopped);
    expect(planCoin(sources({ 1: COST + 9n }, 0n), NEED, address('1'), 'all')).toEqual(stopped);
  });
});
