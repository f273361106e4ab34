import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';

import { queuedClaim } from '../claim/claim.ts';
import { address, FACTS, word } from '../testing/fakes.ts';
import { GAS_ACCOUNT, World } from '../testing/world.ts';
import { canSendAlone, planClaim } from './claiming.ts';
import { coinSources, planCoin } from './coin.ts';
import { planSweep } from './plan.ts';
import {
  estimateCoin,
  PLAIN_GAS,
  readHoldings,
  SendingError,
  signClaim,
  signPlan,
  workOnTransfers,
  type SendingContext,
} from './sending.ts';
import { TransferStorage } from './transfers.ts';

const TO = address('e');
const PRICES = { maxFeePerGas: 2n, maxPriorityFeePerGas: 1n };
const NEED = { transferGas: 50_000, maxFeePerGas: 2n };

let world: World;
let context: SendingContext;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  world = new World();
  context = {
    facts: FACTS,
    endpoints: [world.endpoint()],
    wallet: world.wallet,
    storage: await TransferStorage.open(),
    runAlone: (work) => work(),
  };
});

async function sweep() {
  const { accounts, gas } = await readHoldings(context, [4, 5, 6]);
  const outcome = planSweep(accounts, gas, NEED, TO);
  if (outcome.kind !== 'plan') throw new Error('there is a plan');
  return signPlan(context, 'sweep', outcome.plan, PRICES);
}

describe('a transfer', () => {
  it('is signed by permits in the order of its nonces, kept, and sent only then', async () => {
    const transfer = await sweep();
    expect(world.sent).toEqual([]);
    expect(world.signed.map(({ account, action, terms }) => [account.kind, action.kind, terms.nonce])).toEqual([
      ['gas', 'permit', 7],
      ['gas', 'move', 8],
      ['gas', 'permit', 9],
      ['gas', 'move', 10],
    ]);
    expect(world.signed[0]?.action).toEqual({
      kind: 'permit',
      owner: 4,
      amount: '70',
      permitNonce: '4',
      deadline: 1_750 + 86_400,
      domain: { name: 'Annona', version: '1' },
    });
    expect(transfer).toMatchObject({ id: word('4'), amount: '100', epochs: [4, 5] });
    await workOnTransfers(context);
    expect(world.sent).toEqual(['0x01', '0x02', '0x03', '0x04']);
  });

  it('outlives the tab, is sent again with the same bytes, and no more once it is in a block', async () => {
    await sweep();
    await workOnTransfers(context);
    context = { ...context, storage: await TransferStorage.open() };
    for (const digit of ['1', '2']) world.receipts[word(digit)] = 74;
    await workOnTransfers(context);
    expect(world.sent.slice(4)).toEqual(['0x03', '0x04']);
    for (const digit of ['3', '4']) world.receipts[word(digit)] = 75;
    const newest = world.newest;
    const [mined] = await workOnTransfers(context);
    const [{ address: source = '' } = {}] = context.endpoints;
    const readIn = (blockNumber: number) => ({
      evidence: { kind: 'checked', blockNumber, sources: [source] },
    });
    expect(mined?.state).toEqual({ kind: 'mined', blockNumber: 75, ...readIn(newest) });
    world.newest = 87;
    const [final, ...others] = await workOnTransfers(context);
    expect(final?.state).toEqual({ kind: 'final', blockNumber: 75, ...readIn(87) });
    expect(others).toEqual([]);
    expect(world.sent).toHaveLength(6);
  });

  it('waits for the one before it, whose nonces it would take', async () => {
    await sweep();
    const again = sweep();
    await expect(again).rejects.toEqual(new SendingError('under-way'));
    expect(await context.storage.all()).toHaveLength(1);
  });

  it('is not planned where two endpoints tell different things', async () => {
    const liar = new World();
    liar.tokens = {};
    context = { ...context, endpoints: [world.endpoint(), liar.endpoint('liar')] };
    await expect(sweep()).rejects.toEqual(new SendingError('disagreement'));
  });
});

describe('a payment in coin', () => {
  it('is signed by each account for itself, and its receiver may have code', async () => {
    world.coins = { [address('4')]: 90_000n, [GAS_ACCOUNT]: 80_000n };
    const { accounts, gas } = await readHoldings(context, [4, 5]);
    const need = { gasLimit: PLAIN_GAS, maxFeePerGas: 2n };
    const outcome = planCoin(coinSources(accounts, gas), need, TO, 'all');
    if (outcome.kind !== 'plan' || outcome.plan.asset !== 'coin') throw new Error('no plan');
    const [part] = outcome.plan.parts;
    world.gas = PLAIN_GAS;
    expect(await estimateCoin(context, part!, TO)).toBe(PLAIN_GAS);
    world.gas = 30_000;
    expect(await estimateCoin(context, part!, TO)).toBe(36_000);
    const transfer = await signPlan(context, 'coin', outcome.plan, PRICES);
    expect(transfer).toMatchObject({ purpose: 'coin', amount: '86000', epochs: [4] });
    expect(world.signed.map(({ account, action }) => [account, action])).toEqual([
      [{ kind: 'receive', epoch: 4 }, { kind: 'coin', to: TO, amount: '48000' }],
      [{ kind: 'gas' }, { kind: 'coin', to: TO, amount: '38000' }],
    ]);
    expect(world.sent).toEqual([]);
    await workOnTransfers(context);
    expect(world.sent).toEqual(['0x01', '0x02']);
  });
});

describe('a claim without a service', () => {
  const claim = queuedClaim(
    {
      epoch: 5,
      nullifierHash: word('a'),
      recipient: address('5'),
      feeRecipient: address('0'),
      fee: '0',
      proof: Array.from({ length: 8 }, () => word('1')) as never,
    },
    word('5'),
    2_000,
  );

  it('is offered when every service of the list has failed, and not before', () => {
    expect(canSendAlone(claim, 2)).toBe(false);
    expect(canSendAlone({ ...claim, failures: 1 }, 2)).toBe(false);
    expect(canSendAlone({ ...claim, failures: 2 }, 2)).toBe(true);
    expect(canSendAlone({ ...claim, failures: 1 }, 0)).toBe(true);
    const paid = { kind: 'paid', transaction: word('f'), blockNumber: 1 } as const;
    expect(canSendAlone({ ...claim, failures: 2, state: paid }, 2)).toBe(false);
  });

  it('is paid for by the account that it pays, and only else by the shared one', async () => {
    const costWei = 360_000n * 3n;
    expect(await planClaim(context, claim)).toMatchObject({
      plan: { account: { kind: 'gas' }, isShared: true, costWei },
    });
    world.coins[address('5')] = costWei;
    const own = await planClaim(context, claim);
    expect(own).toMatchObject({ plan: { account: { kind: 'receive', epoch: 5 }, isShared: false } });
    world.coins = { [address('5')]: 1n };
    expect(await planClaim(context, claim)).toEqual({
      stop: { kind: 'no-gas', address: address('5'), missingWei: costWei - 1n, isOwn: true },
    });
  });

  it('is not sent where the contract would refuse it', async () => {
    world.wouldFail = true;
    await expect(planClaim(context, claim)).rejects.toEqual(new SendingError('would-fail'));
  });

  it('is signed as it was proved, and sent', async () => {
    const { request } = claim;
    await signClaim(context, { kind: 'gas' }, GAS_ACCOUNT, 360_000, request, PRICES);
    await workOnTransfers(context);
    expect(world.sent).toEqual(['0x01']);
    expect(world.signed[0]?.action).toEqual({ kind: 'claim', claim: request });
  });
});
