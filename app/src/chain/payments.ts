import { addressOf, numberOf, TOPICS, uintOf, wordsOf } from './abi.ts';
import { RpcError, type Log, type RpcEndpoint } from './rpc.ts';

/** Blocks of one question; an endpoint that refuses as many is asked for half. */
const SPAN_BLOCKS = 2_000;
/** Questions for one reading, however an endpoint cuts it up. */
const MAX_QUESTIONS = 2_000;
/** Halvings after which a block is looked for no further. */
const MAX_HALVINGS = 64;

/** Claim that was paid. */
export interface Payment {
  epoch: number;
  nullifierHash: string;
  recipient: string;
  /** Payment in the token's smallest unit, fee included. */
  amount: bigint;
  /** Part of the amount that went to the relay. */
  fee: bigint;
  blockNumber: number;
  transactionHash: string;
}

const CLAIMED = TOPICS['Claimed(uint256,uint256,address,uint256,uint256)'];
const FEE_PAID = TOPICS['FeePaid(uint256,uint256,address,uint256)'];

/** Puts the payments of events together. Events of other kinds are ignored. */
export function paymentsOf(logs: readonly Log[]): Payment[] {
  const fees = new Map<string, bigint>();
  for (const { topics, data } of logs) {
    const [kind, epoch = '', nullifierHash = ''] = topics;
    if (kind === FEE_PAID) fees.set(epoch + nullifierHash, uintOf(wordsOf(data, 1)[0] ?? ''));
  }
  return logs.flatMap(({ topics, data, blockNumber, transactionHash }) => {
    const [kind, epoch = '', nullifierHash = '', recipient = ''] = topics;
    if (kind !== CLAIMED) return [];
    const [amount = ''] = wordsOf(data, 2);
    return {
      epoch: numberOf(epoch),
      nullifierHash,
      recipient: addressOf(recipient),
      amount: uintOf(amount),
      fee: fees.get(epoch + nullifierHash) ?? 0n,
      blockNumber,
      transactionHash,
    };
  });
}

/**
 * Reads the payments of everybody in a span of blocks. Nothing in the questions tells whose
 * payments are looked for (IDENT-10); the caller picks its own out of the answer.
 */
export async function readPayments(
  endpoint: RpcEndpoint,
  distributor: string,
  fromBlock: number,
  toBlock: number,
): Promise<Payment[]> {
  return paymentsOf(await readLogs(endpoint, distributor, fromBlock, toBlock));
}

/** Reads all events of a contract in a span of blocks, in as many questions as that takes. */
export async function readLogs(
  endpoint: RpcEndpoint,
  contract: string,
  fromBlock: number,
  toBlock: number,
): Promise<Log[]> {
  const logs: Log[] = [];
  let span = SPAN_BLOCKS;
  let start = fromBlock;
  for (let asked = 0; start <= toBlock; asked += 1) {
    if (asked >= MAX_QUESTIONS) throw new RpcError({ kind: 'not-understood' });
    const end = Math.min(start + span - 1, toBlock);
    try {
      const found = await endpoint.logs(contract, [], start, end);
      logs.push(...found.filter((log) => isOf(log, contract, start, end)));
      start = end + 1;
    } catch (error) {
      const isTooMuch = error instanceof RpcError && error.failure.kind === 'refused';
      if (!isTooMuch || span === 1) throw error;
      span = Math.max(1, Math.floor(span / 2));
    }
  }
  return logs;
}

/** Returns whether an event is of the contract and the blocks that were asked for. */
function isOf({ address, blockNumber }: Log, contract: string, from: number, to: number): boolean {
  return address === contract.toLowerCase() && blockNumber >= from && blockNumber <= to;
}

/** Finds the first block at or after a time, or nothing if the newest one is earlier. */
export async function firstBlockAt(
  endpoint: RpcEndpoint,
  time: number,
  newest: number,
): Promise<number | undefined> {
  if ((await endpoint.block(newest)).time < time) return undefined;
  let low = 0;
  let high = newest;
  for (let halving = 0; low < high && halving < MAX_HALVINGS; halving += 1) {
    const middle = Math.floor((low + high) / 2);
    if ((await endpoint.block(middle)).time >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}
