import { describe, expect, it } from 'vitest';

import { address } from '../testing/fakes.ts';
import { localeOf } from '../../messages/catalogue.ts';
import { LANGUAGES } from '../../messages/languages.ts';
import { decimalOf } from './money.ts';
import { gasLimits, parseAmount, planSend, planSweep, type OwnMoney } from './plan.ts';

const TO = address('e');
const NEED = { transferGas: 50_000, maxFeePerGas: 2n };
const OWN_COST = 100_000n;
const LIMITS = gasLimits(NEED);
const GAS_COST = BigInt(LIMITS.permit + LIMITS.move) * 2n;
const account = (epoch: number, tokens: bigint, coin = 0n): OwnMoney => ({
  epoch,
  address: address(String(epoch)),
  tokens,
  coin,
});
const gas = (coin: bigint) => ({ address: address('d'), coin });
const RICH = gas(10n ** 18n);

describe('a plan', () => {
  it('takes the smallest account that holds all of it, and links no other', () => {
    const accounts = [account(1, 90n), account(2, 70n), account(3, 30n)];
    expect(planSend(accounts, RICH, NEED, TO, 70n)).toMatchObject({
      plan: { parts: [{ epoch: 2, amount: 70n, payer: 'gas' }], amount: 70n, costWei: GAS_COST },
    });
    expect(planSend(accounts, RICH, NEED, TO, 71n)).toMatchObject({
      plan: { parts: [{ epoch: 1, amount: 71n }] },
    });
  });

  it('takes as few accounts as can be where no single one holds it', () => {
    const accounts = [account(1, 70n), account(2, 90n), account(3, 30n)];
    expect(planSend(accounts, RICH, NEED, TO, 100n)).toMatchObject({
      plan: {
        amount: 100n,
        parts: [
          { epoch: 2, amount: 90n },
          { epoch: 1, amount: 10n },
        ],
      },
    });
    const held = 190n;
    expect(planSend(accounts, RICH, NEED, TO, held)).toMatchObject({ plan: { amount: held } });
    expect(planSend(accounts, RICH, NEED, TO, held + 1n)).toEqual({
      kind: 'stopped',
      stop: { kind: 'too-little', held },
    });
  });

  it('has an account pay its own gas where it can, by one transaction', () => {
    const outcome = planSend([account(1, 90n, OWN_COST)], gas(0n), NEED, TO, 5n);
    expect(outcome).toMatchObject({ plan: { parts: [{ payer: 'own' }], costWei: OWN_COST } });
  });

  it('says where coin is missing, and how much', () => {
    const alone = planSend([account(1, 90n, OWN_COST - 1n)], gas(5n), NEED, TO, 5n);
    expect(alone).toEqual({
      kind: 'stopped',
      stop: { kind: 'no-gas', address: address('1'), missingWei: 1n, isOwn: true },
    });
    const two = [account(1, 90n), account(2, 90n, OWN_COST), account(3, 1n)];
    expect(planSweep(two, gas(5n), NEED, TO)).toEqual({
      kind: 'stopped',
      stop: {
        kind: 'no-gas',
        address: address('d'),
        missingWei: 2n * GAS_COST - 5n,
        isOwn: false,
      },
    });
    expect(planSweep(two, gas(2n * GAS_COST), NEED, TO)).toMatchObject({
      plan: { amount: 181n, costWei: 2n * GAS_COST + OWN_COST },
    });
  });

  it('brings together what is elsewhere, and nothing that is there already', () => {
    const accounts = [account(1, 90n), account(2, 0n)];
    expect(planSweep(accounts, RICH, NEED, address('1'))).toEqual({
      kind: 'stopped',
      stop: { kind: 'nothing' },
    });
    expect(planSweep(accounts, RICH, NEED, TO)).toMatchObject({ plan: { parts: [{ epoch: 1 }] } });
  });
});

describe('an amount that is written', () => {
  it('is read exactly, in the digits and signs that people use', () => {
    expect(parseAmount(' 12.5 ', 18)).toEqual({ units: 12_500_000_000_000_000_000n });
    expect(parseAmount('12,50', 2)).toEqual({ units: 1_250n });
    expect(parseAmount('١٢٫٥', 1)).toEqual({ units: 125n });
    expect(parseAmount('0.000000000000000001', 18)).toEqual({ units: 1n });
    expect(parseAmount('70', 0)).toEqual({ units: 70n });
    expect(parseAmount('7.', 0)).toEqual({ units: 7n });
  });

  it('is never read as another amount than the app writes so', () => {
    const decimals = 6;
    for (const { code } of LANGUAGES) {
      const format = new Intl.NumberFormat(localeOf(code), { maximumFractionDigits: decimals });
      for (const units of [500n, 125_000n, 12_500_000n, 1_500_000_000n, 12_345_678_900n]) {
        for (const factor of [1n, 1_000n]) {
          const amount = units * factor;
          const written = format.format(decimalOf(amount, decimals) as `${number}`);
          const read = parseAmount(written, decimals);
          if ('units' in read) expect(read, `${code} ${written}`).toEqual({ units: amount });
        }
      }
    }
  });

  it('is read where three digits cannot be thousands', () => {
    for (const text of ['0.125', '0,125', '1234.567', '1.5000', '١٢٫٥٠٠']) {
      expect(parseAmount(text, 18), text).toHaveProperty('units');
    }
    expect(parseAmount('1,5000', 1)).toEqual({ units: 15n });
  });

  it('is refused where it could mean something else', () => {
    for (const text of ['', '.5', '1.2.3', '1,000.5', '-1', '1e3', '0x10', '1 000']) {
      expect(parseAmount(text, 18), text).toEqual({ problem: 'not-an-amount' });
    }
    for (const text of ['12.500', '12,500', '١٢,٥٠٠', ' 1.000 ']) {
      expect(parseAmount(text, 18), text).toEqual({ problem: 'two-readings' });
    }
    expect(parseAmount('1.23', 1)).toEqual({ problem: 'too-fine' });
    expect(parseAmount('0.0', 1)).toEqual({ problem: 'zero' });
  });
});
