import { describe, expect, it } from 'vitest';

import { addressWord, TOPICS, uintWord } from '../../chain/abi.ts';
import { leafEventsOf } from '../../chain/registry.ts';
import type { Log } from '../../chain/rpc.ts';
import { newMembership } from '../membership/membership.ts';
import { address, CHAIN, CONFIG, endpoint, FACTS, word, type FakeLog } from '../testing/fakes.ts';
import { readAbout } from './about.ts';

const ME = word('7');
const OTHER = word('8');
const APPENDED = TOPICS['LeavesAppended(uint256,uint256,uint256[],uint256,uint256)'];
const REVOKED = TOPICS['LeavesRevoked(uint256,(uint256,uint256)[],uint256,uint256)'];

const data = (...words: (bigint | string)[]) =>
  `0x${words.map((it) => (typeof it === 'string' ? it.slice(2) : uintWord(it))).join('')}`;
const joined = (block: number, start: number, ...leaves: string[]): FakeLog => ({
  block,
  contract: CONFIG.registry,
  topics: [APPENDED, `0x${uintWord(3n)}`],
  data: data(BigInt(start), 128n, 0n, 0n, BigInt(leaves.length), ...leaves),
});
const removed = (block: number, ...pairs: [number, string][]): FakeLog => ({
  block,
  contract: CONFIG.registry,
  topics: [REVOKED, `0x${uintWord(5n)}`],
  data: data(
    ...[96n, 0n, 0n, BigInt(pairs.length)],
    ...pairs.flatMap(([index, leaf]) => [BigInt(index), leaf]),
  ),
});
const read = (logs: readonly FakeLog[], notMemberAt?: number, asked: string[] = []) =>
  readAbout(
    FACTS,
    { ...newMembership(ME), ...(notMemberAt !== undefined && { notMemberAt }) },
    [endpoint({ ...CHAIN, logs }, 'rpc', asked)],
  );

describe('all about me', () => {
  it('is every event of the own commitment, with its time and what it counts for', async () => {
    const logs = [
      joined(30, 10, OTHER, ME, word('9')),
      joined(40, 13, OTHER),
      removed(52, [3, OTHER], [11, ME]),
    ];
    const about = await read(logs);
    expect(about).toEqual({
      kind: 'read',
      evidence: { kind: 'checked', blockNumber: 75, sources: ['https://rpc.example/'] },
      events: [
        {
          ...{ kind: 'joined', epoch: 3, leafIndex: 11, together: 3, blockNumber: 30 },
          ...{ transactionHash: word('f'), at: 1_300, countsFrom: 1_400 },
        },
        {
          ...{ kind: 'removed', epoch: 5, leafIndex: 11, together: 2, blockNumber: 52 },
          ...{ transactionHash: word('f'), at: 1_520, countsFrom: 1_600 },
        },
      ],
    });
  });

  it('names the commitment to nobody, and reads no more than it must', async () => {
    const asked: string[] = [];
    expect(await read([joined(30, 10, ME)], 1_250, asked)).toMatchObject({ events: [{ at: 1_300 }] });
    expect(asked.join('\n')).not.toContain('7'.repeat(64));
    const [logs] = asked.filter((it) => it.includes('eth_getLogs'));
    expect(JSON.parse(logs ?? '').params[0]).toMatchObject({ fromBlock: '0x19', topics: [] });
  });

  it('is nothing for somebody who is in no list, and is not read without a chain', async () => {
    expect(await read([joined(30, 10, OTHER), removed(31, [10, OTHER])])).toMatchObject({
      events: [],
    });
    expect(await readAbout(FACTS, newMembership(ME), [])).toEqual({
      kind: 'not-read',
      why: 'no-endpoint',
    });
    const liar = endpoint({ ...CHAIN, logs: [joined(30, 9, ME)] }, 'liar');
    const honest = endpoint({ ...CHAIN, logs: [joined(30, 10, ME)] });
    expect(await readAbout(FACTS, newMembership(ME), [honest, liar])).toEqual({
      kind: 'not-read',
      why: 'disagreement',
    });
  });

  it('refuses events that are cut off or too long', () => {
    const whole = data(10n, 128n, 0n, 0n, 2n, OTHER, ME);
    const log = (text: string): Log => ({
      ...{ address: address('1'), topics: [APPENDED, `0x${uintWord(3n)}`], data: text },
      ...{ blockNumber: 1, transactionHash: word('f'), logIndex: 0 },
    });
    expect(leafEventsOf(log(whole), ME)).toHaveLength(1);
    expect(leafEventsOf({ ...log(whole), topics: [word('1')] }, ME)).toEqual([]);
    expect(() => leafEventsOf(log(whole.slice(0, -2)), ME)).toThrow();
    expect(() => leafEventsOf(log(data(10n, 128n, 0n, 0n, 2n, OTHER)), ME)).toThrow();
    expect(() => leafEventsOf(log(data(10n, 128n, 0n, 0n, 1n << 40n)), ME)).toThrow();
    expect(() => leafEventsOf(log(data(10n, 127n, 0n, 0n, 0n)), ME)).toThrow();
    expect(() => leafEventsOf(log(`0x${addressWord(address('1'))}`), ME)).toThrow();
  });
});
