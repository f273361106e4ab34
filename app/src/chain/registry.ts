/** Events of the registry, of which a person picks their own (docs/spec/registry.md). */

import { AbiError, numberOf, TOPICS } from './abi.ts';
import { readLogs } from './payments.ts';
import type { Log, RpcEndpoint } from './rpc.ts';

/** Event of one leaf. */
export interface LeafEvent {
  kind: 'joined' | 'removed';
  epoch: number;
  leafIndex: number;
  /** Leaves of the same event, this one included. */
  together: number;
  blockNumber: number;
  transactionHash: string;
}

const APPENDED = TOPICS['LeavesAppended(uint256,uint256,uint256[],uint256,uint256)'];
const REVOKED = TOPICS['LeavesRevoked(uint256,(uint256,uint256)[],uint256,uint256)'];
const WORD_DIGITS = 64;
/** Most leaves of one event that are believed. */
const MAX_LEAVES = 65_536;

/**
 * Reads the events of everybody in a span of blocks, and picks those of a commitment. Nothing in
 * the questions tells whose events are looked for.
 */
export async function readLeafEvents(
  endpoint: RpcEndpoint,
  registry: string,
  commitment: string,
  fromBlock: number,
  toBlock: number,
): Promise<LeafEvent[]> {
  const logs = await readLogs(endpoint, registry, fromBlock, toBlock);
  return logs.flatMap((log) => leafEventsOf(log, commitment));
}

/** Returns what an event says of a commitment. Events of other kinds are ignored. */
export function leafEventsOf(log: Log, commitment: string): LeafEvent[] {
  const [topic, epoch = ''] = log.topics;
  const own = commitment.slice(2).toLowerCase();
  const event = (kind: LeafEvent['kind'], leafIndex: number, together: number): LeafEvent => ({
    ...{ kind, epoch: numberOf(epoch), leafIndex, together },
    ...{ blockNumber: log.blockNumber, transactionHash: log.transactionHash },
  });
  if (topic === APPENDED) {
    const start = numberOf(wordAt(log.data, 0));
    const leaves = itemsOf(log.data, 1, 1);
    return leaves.flatMap(([leaf], place) =>
      leaf === own ? [event('joined', start + place, leaves.length)] : [],
    );
  }
  if (topic === REVOKED) {
    const removals = itemsOf(log.data, 0, 2);
    return removals.flatMap(([leafIndex = '', leaf]) =>
      leaf === own ? [event('removed', numberOf(leafIndex), removals.length)] : [],
    );
  }
  return [];
}

function wordAt(data: string, place: number): string {
  const digits = data.slice(2 + place * WORD_DIGITS, 2 + (place + 1) * WORD_DIGITS);
  if (digits.length !== WORD_DIGITS) throw new AbiError('a word was expected');
  return digits;
}

/** Reads a list whose offset is in a word: its items of `size` words each. */
function itemsOf(data: string, place: number, size: number): string[][] {
  const start = numberOf(wordAt(data, place)) / (WORD_DIGITS / 2);
  const count = numberOf(wordAt(data, start));
  if (!Number.isInteger(start) || count > MAX_LEAVES) throw new AbiError('a list was expected');
  return Array.from({ length: count }, (_, item) =>
    Array.from({ length: size }, (__, word) => wordAt(data, start + 1 + item * size + word)),
  );
}
