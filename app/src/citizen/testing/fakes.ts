/** Services, endpoints and a wallet for tests: they answer over the same bytes as real ones. */

import { addressWord, callData, TOPICS, uintWord } from '../../chain/abi.ts';
import { RpcEndpoint } from '../../chain/rpc.ts';
import type { RequestContext } from '../../net/request.ts';
import { Service } from '../../service/service.ts';
import { factsOf, type DeploymentFacts } from '../deployment/deployment.ts';
import { addressOf, RECEIPT_KEY } from './signing.ts';

export const word = (digit: string) => `0x${digit.repeat(64)}`;
export const address = (digit: string) => `0x${digit.repeat(40)}`;

/** Configuration of a service, of a calendar with epochs of 100 seconds from second 1,000. */
export const CONFIG = {
  version: '0.1.0',
  chainId: 31_337,
  registry: address('1'),
  distributor: address('2'),
  orbRegistry: address('3'),
  token: address('4'),
  receiptSigner: addressOf(RECEIPT_KEY),
  genesis: 1_000,
  epochLengthSecs: 100,
  claimWindowEpochs: 4,
  confirmations: 12,
  deploymentBlock: 2,
  rpcUrls: [] as string[],
  modelId: word('6'),
  maxCaptureAgeSecs: 300,
};
export const FACTS = factsOf(CONFIG) as DeploymentFacts;

export type Answer = { status?: number; body: unknown } | 'silence';

/** Surroundings in which requests are answered by a function, without waits. */
export function answering(fetch: RequestContext['fetch']): RequestContext {
  return { fetch, sleep: async () => undefined, random: () => 0 };
}

/** Answers requests to a service by their paths; it is silent where there is no answer. */
export function serviceFetch(answer: (path: string) => Answer | undefined, asked: string[] = []) {
  return async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const given = answer(pathname) ?? 'silence';
    if (given === 'silence') throw new TypeError('no connection');
    return new Response(JSON.stringify(given.body), {
      status: given.status ?? 200,
      headers: { 'content-type': 'application/json' },
    });
  };
}

/** Service that answers each path by a function. */
export function service(
  name: string,
  routes: Record<string, () => Answer>,
  asked: string[] = [],
): Service {
  const fetch = serviceFetch((path) => routes[path]?.(), asked);
  return new Service(`https://${name}.example/`, answering(fetch));
}

/** State of a fake chain with blocks ten seconds apart, from second 1,000. */
export interface FakeChain {
  chainId: number;
  genesis: number;
  newest: number;
  root: string;
  memberCount: bigint;
  amount: bigint;
  isOpened: boolean;
  balances: Record<string, bigint>;
  payments: readonly FakePayment[];
  /** Claims of batches that were skipped, each with its reason. */
  skipped?: readonly FakeSkip[];
  /** Beginnings and ends of pauses. */
  pauses?: readonly { block: number; isBegin: boolean }[];
  /** Events of other contracts. */
  logs?: readonly FakeLog[];
  /** Selectors of the calls that the contracts refuse. */
  refusedCalls?: readonly string[];
}

export interface FakeLog {
  block: number;
  contract: string;
  topics: readonly string[];
  data: string;
}

export interface FakeSkip {
  block: number;
  epoch: number;
  nullifierHash: string;
  reason: bigint;
}

export interface FakePayment {
  block: number;
  epoch: number;
  nullifierHash: string;
  recipient: string;
  amount: bigint;
  fee?: { to: string; amount: bigint };
}

export const CHAIN: FakeChain = {
  chainId: CONFIG.chainId,
  genesis: CONFIG.genesis,
  newest: 75,
  root: word('5'),
  memberCount: 12n,
  amount: 70n,
  isOpened: true,
  balances: {},
  payments: [],
};

const topic = (number: number) => `0x${uintWord(BigInt(number))}`;

const logOf = (block: number, topics: readonly string[], ...words: readonly bigint[]) => ({
  address: CONFIG.distributor,
  topics,
  data: `0x${words.map(uintWord).join('')}`,
  blockNumber: `0x${block.toString(16)}`,
  transactionHash: word('f'),
  logIndex: '0x0',
});

function logsOfPayment({ block, epoch, nullifierHash, recipient, amount, fee }: FakePayment) {
  const claim = [topic(epoch), nullifierHash];
  const claimed = TOPICS['Claimed(uint256,uint256,address,uint256,uint256)'];
  const feePaid = TOPICS['FeePaid(uint256,uint256,address,uint256)'];
  const taker = fee ? [`0x${addressWord(fee.to)}`] : [];
  return [
    logOf(block, [claimed, ...claim, `0x${addressWord(recipient)}`], amount, 0n),
    ...(fee ? [logOf(block, [feePaid, ...claim, ...taker], fee.amount)] : []),
  ];
}

/** Events of all contracts, in the order of their blocks. */
function eventsOf({ payments, skipped = [], pauses = [], logs = [] }: FakeChain) {
  const skip = TOPICS['ClaimSkipped(uint256,uint256,uint8,uint256)'];
  return [
    ...payments.flatMap(logsOfPayment),
    ...skipped.map((it) =>
      logOf(it.block, [skip, topic(it.epoch), it.nullifierHash], it.reason, 0n),
    ),
    ...pauses.map(({ block, isBegin }) =>
      logOf(block, [TOPICS[isBegin ? 'Paused(address)' : 'Unpaused(address)']], 0n),
    ),
    ...logs.map(({ block, contract, topics, data }) => ({
      ...logOf(block, topics),
      address: contract,
      data,
    })),
  ].sort((a, b) => Number(a.blockNumber) - Number(b.blockNumber));
}

function call(chain: FakeChain, data: string): string {
  const words = (...values: bigint[]) => `0x${values.map(uintWord).join('')}`;
  const { root, memberCount, amount, isOpened } = chain;
  const opened = isOpened ? 1n : 0n;
  switch (data.slice(0, 10)) {
    case '0xcbfbce4f':
      return words(BigInt(root), memberCount);
    case '0x714f5bfc':
      return words(BigInt(root), memberCount, 900n, amount, 4n, opened, 0n);
    case '0x70a08231':
      return words(chain.balances[`0x${data.slice(34)}`] ?? 0n);
    case '0x313ce567':
      return words(18n);
    case '0x95d89b41':
      return `0x${uintWord(32n)}${uintWord(3n)}${'414e4e'.padEnd(64, '0')}`;
    case callData('genesis()'):
      return words(BigInt(chain.genesis));
    case callData('epochLength()'):
      return words(BigInt(CONFIG.epochLengthSecs));
    case callData('claimWindow()'):
      return words(BigInt(CONFIG.claimWindowEpochs));
    default:
      return '0x';
  }
}

/** Answers requests to an endpoint of a fake chain. */
export function endpointFetch(chain: FakeChain, asked: string[] = []) {
  const answer = (method: string, params: unknown[]) => {
    switch (method) {
      case 'eth_chainId':
        return `0x${chain.chainId.toString(16)}`;
      case 'eth_getBlockByNumber': {
        const number = params[0] === 'latest' ? chain.newest : Number(params[0]);
        const time = 1_000 + 10 * number;
        return {
          number: `0x${number.toString(16)}`,
          hash: word('9'),
          timestamp: `0x${time.toString(16)}`,
        };
      }
      case 'eth_getLogs': {
        const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
        return eventsOf(chain).filter(
          ({ blockNumber: block }) =>
            Number(block) >= Number(fromBlock) && Number(block) <= Number(toBlock),
        );
      }
      default:
        return call(chain, (params[0] as { data: string }).data);
    }
  };
  return async (request: Request): Promise<Response> => {
    const text = await request.text();
    asked.push(text);
    const { method, params } = JSON.parse(text) as { method: string; params: unknown[] };
    const { data = '' } = (params[0] ?? {}) as { data?: string };
    if (chain.refusedCalls?.includes(data.slice(0, 10))) {
      const error = { code: 3, message: 'execution reverted', data: '0x' };
      return new Response(JSON.stringify({ jsonrpc: '2.0', id: 1, error }));
    }
    return new Response(JSON.stringify({ jsonrpc: '2.0', id: 1, result: answer(method, params) }));
  };
}

/** Endpoint of a fake chain. */
export function endpoint(chain: FakeChain = CHAIN, name = 'rpc', asked: string[] = []): RpcEndpoint {
  return new RpcEndpoint(`https://${name}.example/`, answering(endpointFetch(chain, asked)));
}
