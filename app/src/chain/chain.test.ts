import { keccak_256 } from '@noble/hashes/sha3.js';
import { describe, expect, it } from 'vitest';

import type { RequestContext } from '../net/request.ts';
import { addressOf, addressWord, SELECTORS, TOPICS, uintWord, wordsOf } from './abi.ts';
import { readBalance, readCalendar, readCheckpoint, readEpochState } from './contracts.ts';
import { firstBlockAt, paymentsOf, readPayments } from './payments.ts';
import { readFromChain } from './reading.ts';
import { RpcEndpoint, type Log } from './rpc.ts';

const word = (digit: string) => `0x${digit.repeat(64)}`;
const address = (digit: string) => `0x${digit.repeat(40)}`;
const hash = (text: string) =>
  `0x${Buffer.from(keccak_256(new TextEncoder().encode(text))).toString('hex')}`;
const DEPLOYMENT = { registry: address('1'), distributor: address('2'), token: address('3') };
const BLOCK = { number: 9, hash: word('9'), time: 1_900 };

type Method = (params: unknown[]) => unknown;

/** Endpoint that answers each method by a function, over the same bytes as a real one. */
function endpoint(name: string, methods: Record<string, Method>): RpcEndpoint {
  const context: RequestContext = {
    fetch: async (request) => {
      const { method, params } = (await request.json()) as { method: string; params: unknown[] };
      const answer = methods[method]?.(params);
      if (answer === undefined) throw new TypeError('no connection');
      const body = answer instanceof Error ? { error: { code: -32_005 } } : { result: answer };
      return new Response(JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }));
    },
    sleep: async () => undefined,
    random: () => 0,
  };
  return new RpcEndpoint(`https://${name}.example/`, context);
}

/** Methods of a chain of ten blocks, 100 seconds apart, under a tag that its hashes carry. */
const chain = (newest = 9, tag = '9'): Record<string, Method> => ({
  eth_getBlockByNumber: ([asked]) => {
    const number = asked === 'latest' ? newest : Number(asked);
    const time = 1_000 + 100 * number;
    return { number: `0x${number.toString(16)}`, hash: word(tag), timestamp: `0x${time.toString(16)}` };
  },
});

describe('the ABI', () => {
  it('names functions and events by the hash of their signatures', () => {
    for (const [name, selector] of Object.entries(SELECTORS)) {
      expect(hash(name).slice(0, 10), name).toBe(selector);
    }
    for (const [name, topic] of Object.entries(TOPICS)) expect(hash(name), name).toBe(topic);
  });

  it('writes and reads words, and refuses what does not fit', () => {
    expect(uintWord(255n)).toBe(`${'0'.repeat(62)}ff`);
    expect(addressOf(addressWord(address('a')))).toBe(address('a'));
    expect(() => uintWord(-1n)).toThrow();
    expect(() => uintWord(1n << 256n)).toThrow();
    expect(() => addressWord('0x12')).toThrow();
    expect(() => addressOf(word('1'))).toThrow();
    expect(() => wordsOf('0x', 1)).toThrow();
    expect(() => wordsOf(`0x${'0'.repeat(130)}`, 2)).toThrow();
  });
});

describe('the contracts', () => {
  const called: unknown[] = [];
  const answering = (...words: bigint[]) =>
    endpoint('a', {
      eth_call: ([call, block]) => {
        called.push([call, block]);
        return `0x${words.map(uintWord).join('')}`;
      },
    });

  it('tell calendar, checkpoint, epoch and balance in one block', async () => {
    expect(await readCalendar(answering(7n), DEPLOYMENT, BLOCK)).toEqual({
      genesis: 7,
      epochLengthSecs: 7,
      claimWindowEpochs: 7,
    });
    expect(await readCheckpoint(answering(5n, 12n), DEPLOYMENT, 3, BLOCK)).toEqual({
      root: `0x${uintWord(5n)}`,
      memberCount: 12,
    });
    const state = await readEpochState(
      answering(5n, 12n, 900n, 70n, 4n, 1n, 0n),
      DEPLOYMENT,
      3,
      BLOCK,
    );
    expect(state).toEqual({
      root: `0x${uintWord(5n)}`,
      memberCount: 12,
      amount: 70n,
      claimed: 4,
      isOpened: true,
      isClosed: false,
    });
    expect(await readBalance(answering(1n << 200n), DEPLOYMENT, address('4'), BLOCK)).toBe(
      1n << 200n,
    );
    expect(called.at(-1)).toEqual([
      { to: address('3'), data: `0x70a08231${addressWord(address('4'))}` },
      '0x9',
    ]);
  });

  it('that answer too little or too much are not believed', async () => {
    await expect(readCheckpoint(answering(5n), DEPLOYMENT, 3, BLOCK)).rejects.toThrow();
    await expect(readCalendar(answering(0n), DEPLOYMENT, BLOCK)).rejects.toThrow();
    await expect(readCalendar(answering(1n << 64n), DEPLOYMENT, BLOCK)).rejects.toThrow();
  });
});

describe('endpoints', () => {
  const balance = (value: bigint): Record<string, Method> => ({
    eth_call: () => `0x${uintWord(value)}`,
  });
  const read = (endpoint: RpcEndpoint, block: typeof BLOCK) =>
    readBalance(endpoint, DEPLOYMENT, address('4'), block);

  it('that agree are believed, in the newest block that both have', async () => {
    const outcome = await readFromChain(
      [
        endpoint('a', { ...chain(9), ...balance(5n) }),
        endpoint('b', { ...chain(8), ...balance(5n) }),
      ],
      read,
    );
    expect(outcome).toEqual({
      kind: 'read',
      reading: {
        value: 5n,
        block: { number: 8, hash: word('9'), time: 1_800 },
        sources: ['https://a.example/', 'https://b.example/'],
      },
    });
  });

  it('that differ are not believed, whether about a value or about a block', async () => {
    const disagreement = { kind: 'disagreement', blockNumber: 0 };
    const values = [
      endpoint('a', { ...chain(), ...balance(5n) }),
      endpoint('b', { ...chain(), ...balance(6n) }),
    ];
    expect(await readFromChain(values, read)).toMatchObject(disagreement);
    const blocks = [
      endpoint('a', { ...chain(), ...balance(5n) }),
      endpoint('b', { ...chain(9, '8'), ...balance(5n) }),
    ];
    expect(await readFromChain(blocks, read)).toMatchObject(disagreement);
  });

  it('that follow different blocks for a moment are compared deeper down', async () => {
    const forked = (tag: string): Record<string, Method> => ({
      eth_getBlockByNumber: ([asked]) => {
        const number = asked === 'latest' ? 100 : Number(asked);
        const digit = number > 95 ? tag : '7';
        return { number: `0x${number.toString(16)}`, hash: word(digit), timestamp: '0x64' };
      },
      ...balance(5n),
    });
    const outcome = await readFromChain([endpoint('a', forked('a')), endpoint('b', forked('b'))], read);
    expect(outcome).toMatchObject({ kind: 'read', reading: { block: { number: 88 } } });
  });

  it('that are silent are skipped, and all silent is no answer', async () => {
    const silent = endpoint('a', {});
    const good = endpoint('b', { ...chain(), ...balance(5n) });
    expect(await readFromChain([silent, good], read)).toMatchObject({
      kind: 'read',
      reading: { sources: ['https://b.example/'] },
    });
    const none = { kind: 'no-answer', failure: { kind: 'unreachable' } };
    expect(await readFromChain([silent, silent], read)).toEqual(none);
    expect(await readFromChain([], read)).toEqual(none);
  });

  it('that answer nonsense are not understood', async () => {
    const strange = endpoint('a', { eth_getBlockByNumber: () => ({ number: 'nine' }) });
    expect(await readFromChain([strange], read)).toEqual({
      kind: 'no-answer',
      failure: { kind: 'not-understood' },
    });
  });
});

describe('payments', () => {
  const claimed = (block: number, epoch: bigint, nullifier: string, amount: bigint) => ({
    address: DEPLOYMENT.distributor,
    topics: [
      TOPICS['Claimed(uint256,uint256,address,uint256,uint256)'],
      `0x${uintWord(epoch)}`,
      word(nullifier),
      `0x${addressWord(address('c'))}`,
    ],
    data: `0x${uintWord(amount)}${uintWord(0n)}`,
    blockNumber: `0x${block.toString(16)}`,
    transactionHash: word('f'),
    logIndex: '0x0',
  });
  const feePaid = (block: number, epoch: bigint, nullifier: string, fee: bigint) => ({
    ...claimed(block, epoch, nullifier, 0n),
    topics: [
      TOPICS['FeePaid(uint256,uint256,address,uint256)'],
      `0x${uintWord(epoch)}`,
      word(nullifier),
      `0x${addressWord(address('d'))}`,
    ],
    data: `0x${uintWord(fee)}`,
  });
  const logs = [claimed(3, 1n, '1', 70n), feePaid(3, 1n, '1', 2n), claimed(5, 2n, '2', 80n)];

  /** Endpoint that gives logs of few blocks at a time. */
  const serving = (most: number, questions: unknown[] = []) =>
    endpoint('a', {
      ...chain(),
      eth_getLogs: ([filter]) => {
        questions.push(filter);
        const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string };
        if (Number(toBlock) - Number(fromBlock) >= most) return new Error('too much');
        return logs.filter(
          ({ blockNumber: it }) => Number(it) >= Number(fromBlock) && Number(it) <= Number(toBlock),
        );
      },
    });

  it('are read with their fees, in as many questions as an endpoint wants', async () => {
    for (const most of [1, 2, 7, 2_000]) {
      const payments = await readPayments(serving(most), DEPLOYMENT.distributor, 0, 9);
      expect(payments).toEqual([
        {
          epoch: 1,
          nullifierHash: word('1'),
          recipient: address('c'),
          amount: 70n,
          fee: 2n,
          blockNumber: 3,
          transactionHash: word('f'),
        },
        {
          epoch: 2,
          nullifierHash: word('2'),
          recipient: address('c'),
          amount: 80n,
          fee: 0n,
          blockNumber: 5,
          transactionHash: word('f'),
        },
      ]);
    }
    await expect(readPayments(serving(0), DEPLOYMENT.distributor, 0, 9)).rejects.toThrow();
  });

  it('are asked for without naming anybody', async () => {
    const questions: unknown[] = [];
    await readPayments(serving(2_000, questions), DEPLOYMENT.distributor, 0, 9);
    expect(questions).toEqual([
      { address: DEPLOYMENT.distributor, topics: [], fromBlock: '0x0', toBlock: '0x9' },
    ]);
  });

  it('of another contract or of other blocks are not taken', async () => {
    const lying = endpoint('a', {
      eth_getLogs: () => [{ ...logs[0], address: address('9') }, claimed(50, 3n, '3', 1n)],
    });
    expect(await readPayments(lying, DEPLOYMENT.distributor, 0, 9)).toEqual([]);
  });

  it('that a reorg took away are none, and malformed ones are refused', async () => {
    const removed = endpoint('a', { eth_getLogs: () => [{ ...logs[0], removed: true }] });
    expect(await readPayments(removed, DEPLOYMENT.distributor, 0, 9)).toEqual([]);
    const short: Log = { ...claimed(3, 1n, '1', 70n), blockNumber: 3, logIndex: 0, data: '0x' };
    expect(() => paymentsOf([short])).toThrow();
  });

  it('since a time are looked for from the first block at it', async () => {
    const plain = endpoint('a', chain());
    expect(await firstBlockAt(plain, 1_000, 9)).toBe(0);
    expect(await firstBlockAt(plain, 1_250, 9)).toBe(3);
    expect(await firstBlockAt(plain, 1_300, 9)).toBe(3);
    expect(await firstBlockAt(plain, 1_900, 9)).toBe(9);
    expect(await firstBlockAt(plain, 1_901, 9)).toBeUndefined();
  });
});
