import { describe, expect, it } from 'vitest';

import { readTokenUnit } from '../../chain/contracts.ts';
import { textOf, uintWord } from '../../chain/abi.ts';
import { address, CHAIN, endpoint, FACTS, word } from '../testing/fakes.ts';
import { checksummed, parseRecipient } from './address.ts';
import {
  csvOf,
  decimalOf,
  epochsBetween,
  epochsPaidTo,
  MAX_EPOCHS,
  ownPayments,
  paymentsSince,
  readBalances,
  readReceiving,
  sumOf,
} from './money.ts';

/** Addresses of EIP-55, section "Test Cases". */
const EIP_55 = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
];
const BLOCK = { number: 75, hash: word('9'), time: 1_750 };
const paid = (epoch: number, nullifier: string, block: number) => ({
  block,
  epoch,
  nullifierHash: word(nullifier),
  recipient: address('c'),
  amount: 70n,
});
const PAYMENTS = [paid(3, 'a', 31), paid(4, 'b', 42), paid(5, 'a', 55), paid(5, 'd', 56)];

describe('an address', () => {
  it('is written with the letters of EIP-55', () => {
    for (const it of EIP_55) expect(checksummed(it.toLowerCase())).toBe(it);
  });

  it('is taken with a right checksum, or with none', () => {
    for (const it of EIP_55) {
      const address = it.toLowerCase();
      expect(parseRecipient(` ${it}\n`, [])).toEqual({ address });
      expect(parseRecipient(address, [])).toEqual({ address });
      expect(parseRecipient(`${it.slice(0, 20)}\n ${it.slice(20)}`, [])).toEqual({ address });
    }
  });

  it('with a wrong letter is refused', () => {
    const right = EIP_55[4]!;
    for (let place = 2; place < right.length; place += 1) {
      const letter = right[place]!;
      const turned = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
      if (turned === letter) continue;
      const wrong = right.slice(0, place) + turned + right.slice(place + 1);
      expect(parseRecipient(wrong, [])).toEqual({ problem: 'checksum' });
    }
    for (const text of ['', '0x12', right.slice(2), `${right}0`, `${right.slice(0, -1)}g`]) {
      expect(parseRecipient(text, [])).toEqual({ problem: 'not-an-address' });
    }
  });

  it('that loses money is refused', () => {
    expect(parseRecipient(address('0'), [])).toEqual({ problem: 'loses-money' });
    expect(parseRecipient(address('2'), [address('2')])).toEqual({ problem: 'loses-money' });
  });

  it('that was paid before is noticed', () => {
    const claim = (epoch: number, recipient: string) => ({ epoch, request: { recipient } });
    const claims = [claim(5, EIP_55[4]!), claim(4, address('c')), claim(3, EIP_55[4]!)];
    expect(epochsPaidTo(EIP_55[4]!.toLowerCase(), claims)).toEqual([3, 5]);
    expect(epochsPaidTo(address('d'), claims)).toEqual([]);
  });

  it('that was chosen is kept, and nothing else is read', () => {
    const own = { kind: 'own', address: address('c') };
    expect(readReceiving({ ...own, more: 1 })).toEqual(own);
    for (const stored of [undefined, null, 5, { kind: 'own' }, { kind: 'own', address: '0x1' }]) {
      expect(readReceiving(stored)).toEqual({ kind: 'fresh' });
    }
  });
});

describe('own payments', () => {
  it('are picked out of everybody’s, by epoch and nullifier hash, and nobody is named', async () => {
    const asked: string[] = [];
    const rpc = endpoint({ ...CHAIN, payments: PAYMENTS }, 'rpc', asked);
    const { payments } = await paymentsSince(rpc, FACTS, 3, BLOCK);
    expect(payments).toHaveLength(4);
    const own = ownPayments(payments, [3, 4, 5], [word('a'), word('e'), word('D')]);
    expect(own.map(({ epoch, nullifierHash }) => [epoch, nullifierHash])).toEqual([
      [5, word('d')],
      [3, word('a')],
    ]);
    expect(sumOf(own)).toBe(140n);
    expect(sumOf([{ ...own[0]!, fee: 2n }])).toBe(68n);
    expect(asked.join()).not.toMatch(/a{64}|d{64}|c{40}/);
  });

  it('are read from the first block of the epoch, and none before it began', async () => {
    const rpc = endpoint({ ...CHAIN, payments: PAYMENTS });
    const since = async (epoch: number) =>
      (await paymentsSince(rpc, FACTS, epoch, BLOCK)).payments.length;
    expect(await since(4)).toBe(3);
    expect(await since(5)).toBe(2);
    expect(await since(9)).toBe(0);
    expect(await paymentsSince(rpc, FACTS, 9, BLOCK)).toMatchObject({
      newestBlock: 75,
      confirmations: 12,
    });
  });

  it('are looked for in a bounded number of epochs, the newest', () => {
    expect(epochsBetween(3, 5)).toEqual([3, 4, 5]);
    expect(epochsBetween(6, 5)).toEqual([]);
    const many = epochsBetween(0, 5_000);
    expect(many).toHaveLength(MAX_EPOCHS);
    expect(many.at(-1)).toBe(5_000);
  });

  it('are saved exactly, as tables are read', () => {
    const payment = {
      epoch: 5,
      nullifierHash: word('a'),
      recipient: address('c'),
      amount: 12_500_000_000_000_000_001n,
      fee: 0n,
      blockNumber: 55,
      transactionHash: word('f'),
    };
    const unit = { symbol: '=A"N,N', decimals: 18 };
    const [header, row, end] = csvOf([payment], FACTS.calendar, unit, 'wei').split('\r\n');
    expect(header).toBe('epoch,epoch_starts_at,recipient,amount,fee,unit,block,transaction');
    expect(row).toBe(
      `5,1970-01-01T00:25:00.000Z,${address('c')},12.500000000000000001,0,"'=A""N,N",55,${word('f')}`,
    );
    expect(end).toBe('');
    expect(csvOf([payment], FACTS.calendar, undefined, 'en wei')).toContain(
      ',12500000000000000001,0,en wei,',
    );
  });
});

describe('an amount', () => {
  it('is written without loss and without needless zeros', () => {
    expect(decimalOf(12_500_000n, 6)).toBe('12.5');
    expect(decimalOf(1n, 18)).toBe('0.000000000000000001');
    expect(decimalOf(0n, 18)).toBe('0');
    expect(decimalOf(70n, 0)).toBe('70');
    expect(decimalOf(70_000_000n, 6)).toBe('70');
  });

  it('has the unit of the token', async () => {
    expect(await readTokenUnit(endpoint(), FACTS.deployment, BLOCK)).toEqual({
      symbol: 'ANN',
      decimals: 18,
    });
    const text = (offset: bigint, length: bigint, bytes: string) =>
      `0x${uintWord(offset)}${uintWord(length)}${bytes.padEnd(64, '0')}`;
    expect(textOf(text(32n, 3n, '414e4e'))).toBe('ANN');
    const bad = [text(64n, 3n, '414e4e'), text(32n, 33n, '41'), text(32n, 3n, '410a4e'), '0x'];
    for (const data of bad) expect(() => textOf(data)).toThrow();
  });

  it('on several addresses is their sum, each counted once', async () => {
    const rpc = endpoint({ ...CHAIN, balances: { [address('c')]: 5n, [address('d')]: 2n } });
    const addresses = [address('c'), address('d'), address('c'), address('e')];
    expect(await readBalances(rpc, FACTS.deployment, addresses, BLOCK)).toBe(7n);
  });
});
