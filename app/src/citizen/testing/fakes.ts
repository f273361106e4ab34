/** Services, endpoints and a wallet for tests: they answer over the same bytes as real ones. */

import { addressWord, TOPICS, uintWord } from '../../chain/abi.ts';
import { RpcEndpoint } from '../../chain/rpc.ts';
import type { RequestContext } from '../../net/request.ts';
import { Service } from '../../service/service.ts';
import { factsOf, type DeploymentFacts } from '../deployment/deployment.ts';

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
  receiptSigner: address('5'),
  genesis: 1_000,
  epochLengthSecs: 100,
  claimWindowEpochs: 4,
  confirmations: 12,
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
  newest: number;
  root: string;
  memberCount: bigint;
  amount: bigint;
  isOpened: boolean;
  balances: Record<string, bigint>;
  payments: readonly FakePayment[];
}

export interface FakePayment {
  block: number;
  epoch: number;
  nullifierHash: string;
  recipient: string;
  amount: bigint;
}

export const CHAIN: FakeChain = {
  chainId: CONFIG.chainId,
  newest: 75,
  root: word('5'),
  memberCount: 12n,
  amount: 70n,
  isOpened: true,
  balances: {},
  payments: [],
};

const logOf = ({ block, epoch, nullifierHash, recipient, amount }: FakePayment) => ({
  address: CONFIG.distributor,
  topics: [
    TOPICS['Claimed(uint256,uint256,address,uint256,uint256)'],
    `0x${uintWord(BigInt(epoch))}`,
    nullifierHash,
    `0x${addressWord(recipient)}`,
  ],
  data: `0x${uintWord(amount)}${uintWord(0n)}`,
  blockNumber: `0x${block.toString(16)}`,
  transactionHash: word('f'),
  logIndex: '0x0',
});

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
        return chain.payments
          .filter(({ block }) => block >= Number(fromBlock) && block <= Number(toBlock))
          .map(logOf);
      }
      default:
        return call(chain, (params[0] as { data: string }).data);
    }
  };
  return async (request: Request): Promise<Response> => {
    const text = await request.text();
    asked.push(text);
    const { method, params } = JSON.parse(text) as { method: string; params: unknown[] };
    return new Response(JSON.stringify({ jsonrpc: '2.0', id: 1, result: answer(method, params) }));
  };
}

/** Endpoint of a fake chain. */
export function endpoint(chain: FakeChain = CHAIN, name = 'rpc', asked: string[] = []): RpcEndpoint {
  return new RpcEndpoint(`https://${name}.example/`, answering(endpointFetch(chain, asked)));
}
