import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';

import { address, FACTS, word } from '../testing/fakes.ts';
import { GAS_ACCOUNT, World } from '../testing/world.ts';
import { coinSources, planCoin } from './coin.ts';
import { planSweep } from './plan.ts';
import {
  MAX_REPLACEMENTS,
  planReplacement,
  raisedPrices,
  signReplacement,
  type Change,
  type Replacement,
} from './replacing.ts';
import {
  PLAIN_GAS,
  readHoldings,
  SendingError,
  signPlan,
  workOnTransfers,
  type SendingContext,
} from './sending.ts';
import type { Transfer } from './transfer.ts';
import { TransferStorage } from './transfers.ts';

const TO = address('e');
const PRICES = { maxFeePerGas: 1_000n, maxPriorityFeePerGas: 100n };
const PLAIN_COST = BigInt(PLAIN_GAS) * PRICES.maxFeePerGas;

let world: World;
let context: SendingContext;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  world = new World();
  world.gas = PLAIN_GAS;
  world.coins = { [GAS_ACCOUNT]: 10n ** 12n };
  context = {
    facts: FACTS,
    endpoints: [world.endpoint()],
    wallet: world.wallet,
    storage: await TransferStorage.open(),
    runAlone: inTurn(),
  };
});

/** Runs one piece of work after the other, as the lock of all tabs does. */
function inTurn(): SendingContext['runAlone'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

async function sendCoin(wanted: bigint | 'all'): Promise<Transfer> {
  const { accounts, gas } = await readHoldings(context, []);
  const need = { gasLimit: PLAIN_GAS, maxFeePerGas: PRICES.maxFeePerGas };
  const outcome = planCoin(coinSources(accounts, gas), need, TO, wanted);
  if (outcome.kind !== 'plan') throw new Error('there is a plan');
  const transfer = await signPlan(context, 'coin', outcome.plan, PRICES);
  await workOnTransfers(context);
  return transfer;
}

async function sweep(): Promise<Transfer> {
  const { accounts, gas } = await readHoldings(context, [4, 5]);
  const need = { transferGas: 50_000, maxFeePerGas: PRICES.maxFeePerGas };
  const outcome = planSweep(accounts, gas, need, TO);
  if (outcome.kind !== 'plan') throw new Error('there is a plan');
  return signPlan(context, 'sweep', outcome.plan, PRICES);
}

async function planned(change: Change): Promise<Replacement> {
  const [transfer] = await context.storage.all();
  const outcome = await planReplacement(context, transfer!, change);
  if ('stop' in outcome) throw new Error(`stopped: ${outcome.stop.kind}`);
  return outcome.plan;
}

const stopOf = async (change: Change) => {
  const [transfer] = await context.storage.all();
  const outcome = await planReplacement(context, transfer!, change);
  return 'stop' in outcome ? outcome.stop : undefined;
};
const stateNow = async () => (await workOnTransfers(context))[0];

describe('prices of a transaction in the place of another', () => {
  it('rise by an eighth at least, both of them, and to the market', () => {
    const market = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
    for (const price of [0n, 1n, 7n, 8n, 999n, 1_000n, 10n ** 12n + 1n]) {
      const before = { maxFeePerGas: price, maxPriorityFeePerGas: price };
      const after = raisedPrices(before, market);
      for (const [old, now] of [
        [before.maxFeePerGas, after.maxFeePerGas],
        [before.maxPriorityFeePerGas, after.maxPriorityFeePerGas],
      ] as const) {
        expect(8n * now, `${price}`).toBeGreaterThanOrEqual(9n * old);
        expect(now).toBeGreaterThan(old);
      }
    }
    const dear = { maxFeePerGas: 9_000n, maxPriorityFeePerGas: 700n };
    expect(raisedPrices(PRICES, dear)).toEqual(dear);
  });

  it('never have a tip above the whole price', () => {
    const market = { maxFeePerGas: 10n, maxPriorityFeePerGas: 5_000n };
    const { maxFeePerGas, maxPriorityFeePerGas } = raisedPrices(PRICES, market);
    expect(maxFeePerGas).toBeGreaterThanOrEqual(maxPriorityFeePerGas);
  });
});

describe('a higher price', () => {
  it('is for the same payment with the same nonce, and is kept before it is sent', async () => {
    await sendCoin(5n);
    const plan = await planned('raise');
    expect(plan).toMatchObject({ costBeforeWei: PLAIN_COST, isPartly: false });
    expect(plan.costWei).toBeGreaterThan(PLAIN_COST);
    expect(plan.lessCoin).toBeUndefined();
    expect(world.signed).toHaveLength(1);
    const raised = await signReplacement(context, plan);
    expect(world.sent).toEqual(['0x01']);
    const [kept] = await context.storage.all();
    expect(kept).toEqual(raised);
    expect(world.signed[1]).toEqual({
      account: { kind: 'gas' },
      action: { kind: 'coin', to: TO, amount: '5' },
      terms: { nonce: 7, gasLimit: PLAIN_GAS, maxFeePerGas: '1126', maxPriorityFeePerGas: '113' },
    });
    await workOnTransfers(context);
    expect(world.sent).toEqual(['0x01', '0x02']);
  });

  it('outlives the tab, and only the newest transaction is sent from then on', async () => {
    await sendCoin(5n);
    await signReplacement(context, await planned('raise'));
    context = { ...context, storage: await TransferStorage.open() };
    await workOnTransfers(context);
    await workOnTransfers(context);
    expect(world.sent).toEqual(['0x01', '0x02', '0x02']);
    world.receipts[word('2')] = 75;
    expect(await stateNow()).toMatchObject({ state: { kind: 'mined' }, amount: '5' });
    expect(world.sent).toHaveLength(3);
  });

  it('is not needed where the chain takes the old transaction', async () => {
    const { id } = await sendCoin(5n);
    await signReplacement(context, await planned('raise'));
    world.receipts[word('1')] = 74;
    expect(await stateNow()).toMatchObject({ id, state: { kind: 'mined', blockNumber: 74 } });
    expect(await stopOf('raise')).toEqual({ kind: 'settled' });
    expect(world.sent).toEqual(['0x01']);
  });

  it('of all of the coin leaves less for the receiver, and says how much', async () => {
    world.coins[GAS_ACCOUNT] = PLAIN_COST + 5_000_000n;
    await sendCoin('all');
    const plan = await planned('raise');
    const amount = PLAIN_COST + 5_000_000n - plan.costWei;
    expect(plan.lessCoin).toBe(amount);
    const raised = await signReplacement(context, plan);
    expect(raised.amount).toBe(`${amount}`);
    expect(world.signed[1]?.action).toMatchObject({ amount: `${amount}` });
    world.receipts[word('1')] = 74;
    expect(await stateNow()).toMatchObject({ amount: '5000000' });
  });

  it('is not signed where the account cannot pay it', async () => {
    await sendCoin(5n);
    world.coins[GAS_ACCOUNT] = PLAIN_COST;
    const stop = await stopOf('raise');
    expect(stop).toMatchObject({ kind: 'no-gas', address: GAS_ACCOUNT, isOwn: false });
    world.coins[GAS_ACCOUNT] = PLAIN_COST + 126n * BigInt(PLAIN_GAS);
    expect(await stopOf('raise')).toEqual({ kind: 'no-coin' });
  });

  it('is for the steps alone that are in no block, and gives permits their time anew', async () => {
    await sweep();
    world.receipts[word('1')] = 74;
    world.newest = 500;
    const plan = await planned('raise');
    expect(plan.isPartly).toBe(true);
    await signReplacement(context, plan);
    const orders = world.signed.slice(4);
    expect(orders.map(({ action, terms }) => [action.kind, terms.nonce])).toEqual([
      ['move', 8],
      ['permit', 9],
      ['move', 10],
    ]);
    const [first, second] = [world.signed[2]?.action, orders[1]?.action];
    if (first?.kind !== 'permit' || second?.kind !== 'permit') throw new Error('two permits');
    expect(second).toEqual({ ...first, deadline: 1_000 + 10 * 500 + 86_400 });
    await workOnTransfers(context);
    expect(world.sent).toEqual(['0x05', '0x06', '0x07']);
  });

  it('can be offered a bounded number of times', async () => {
    await sendCoin(5n);
    for (let count = 0; count < MAX_REPLACEMENTS; count += 1) {
      await signReplacement(context, await planned('raise'));
    }
    expect(await stopOf('raise')).toEqual({ kind: 'too-often' });
    expect(await stopOf('cancel')).toEqual({ kind: 'too-often' });
  });

  it('of two tabs at once is signed and sent by one', async () => {
    await sendCoin(5n);
    const plans = [await planned('raise'), await planned('cancel'), await planned('raise')];
    const ends = await Promise.allSettled(plans.map((plan) => signReplacement(context, plan)));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    for (const end of ends.slice(1)) {
      expect(end).toMatchObject({ reason: new SendingError('changed') });
    }
    expect(world.signed).toHaveLength(2);
    await workOnTransfers(context);
    expect(world.sent).toEqual(['0x01', '0x02']);
  });
});

describe('calling off', () => {
  it('puts an empty transaction to the account itself in the place of each step', async () => {
    await sweep();
    const plan = await planned('cancel');
    await signReplacement(context, plan);
    expect(world.signed.slice(4).map(({ action, terms }) => [action, terms.nonce])).toEqual(
      [7, 8, 9, 10].map((nonce) => [{ kind: 'coin', to: GAS_ACCOUNT, amount: '0' }, nonce]),
    );
    await workOnTransfers(context);
    expect(world.sent).toEqual(['0x05', '0x06', '0x07', '0x08']);
    for (const digit of ['5', '6', '7', '8']) world.receipts[word(digit)] = 75;
    expect(await stateNow()).toMatchObject({
      amount: '100',
      state: { kind: 'cancelled', blockNumber: 75, isFinal: false },
    });
    world.newest = 87;
    expect(await stateNow()).toMatchObject({ state: { kind: 'cancelled', isFinal: true } });
  });

  it('that comes too late changes nothing', async () => {
    await sendCoin(5n);
    await signReplacement(context, await planned('cancel'));
    world.receipts[word('1')] = 60;
    expect(await stateNow()).toMatchObject({ amount: '5', state: { kind: 'final' } });
  });

  it('can be raised, and stays empty', async () => {
    await sendCoin(5n);
    await signReplacement(context, await planned('cancel'));
    const raised = await signReplacement(context, await planned('raise'));
    expect(world.signed[2]?.action).toEqual({ kind: 'coin', to: GAS_ACCOUNT, amount: '0' });
    expect(raised).toMatchObject({ amount: '5', steps: [{ isCancelling: true }] });
    world.receipts[word('2')] = 60;
    expect(await stateNow()).toMatchObject({ state: { kind: 'cancelled', isFinal: true } });
  });
});
