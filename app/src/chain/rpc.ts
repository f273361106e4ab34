import { sendPatiently, type RequestContext } from '../net/request.ts';

/** Reason for which an endpoint gave no answer. */
export type RpcFailure =
  | { kind: 'unreachable' }
  /** An error of JSON-RPC, with its code, and whether it says that a contract refused the call. */
  | { kind: 'refused'; code: number; isRevert: boolean }
  | { kind: 'not-understood' };

export class RpcError extends Error {
  override readonly name = 'RpcError';

  constructor(readonly failure: RpcFailure) {
    super(failure.kind);
  }
}

/** Block of the chain, as the app needs it. */
export interface Block {
  number: number;
  hash: string;
  /** Timestamp, Unix seconds. */
  time: number;
}

/** Event of a contract. */
export interface Log {
  address: string;
  topics: readonly string[];
  data: string;
  blockNumber: number;
  transactionHash: string;
  logIndex: number;
}

/** Prices of gas, in wei. */
export interface GasPrices {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** Transaction whose gas is estimated. */
export interface CallToEstimate {
  from: string;
  to: string;
  data?: string;
  /** Coin that it moves, in wei. */
  value?: bigint;
}

/** Receipt of a transaction that is in a block. */
export interface TransactionReceipt {
  transactionHash: string;
  blockNumber: number;
  /** False where the transaction failed; its gas is paid all the same. */
  isDone: boolean;
}

/** One RPC endpoint by its address. It is asked to read and to pass on what is signed, and never to sign or to keep anything. */
export class RpcEndpoint {
  constructor(
    readonly address: string,
    private readonly context: RequestContext,
  ) {}

  /** Returns the id of the endpoint's chain (EIP-155). */
  async chainId(): Promise<number> {
    return quantity(await this.#ask('eth_chainId', []));
  }

  /** Returns the newest block, or the block of a number. */
  async block(number: number | 'latest'): Promise<Block> {
    const tag = number === 'latest' ? number : toQuantity(number);
    const answer = fieldsOf(await this.#ask('eth_getBlockByNumber', [tag, false]));
    return {
      number: quantity(answer['number']),
      hash: word(answer['hash']),
      time: quantity(answer['timestamp']),
    };
  }

  /** Calls a contract as it is in a block, and returns the data of its answer. */
  async call(to: string, data: string, block: number): Promise<string> {
    const answer = await this.#ask('eth_call', [{ to, data }, toQuantity(block)]);
    return hexadecimal(answer);
  }

  /**
   * Returns whether a contract refuses a call as it is in a block, without anything being sent.
   * An endpoint that cannot answer for the block has not refused.
   */
  async isRefused(call: { from?: string; to: string; data: string }, block: number): Promise<boolean> {
    try {
      await this.#ask('eth_call', [call, toQuantity(block)]);
      return false;
    } catch (error) {
      if (error instanceof RpcError && error.failure.kind === 'refused') return error.failure.isRevert;
      throw error;
    }
  }

  /** Returns the events of a contract in a span of blocks, its ends included. */
  async logs(
    address: string,
    topics: readonly (string | null)[],
    fromBlock: number,
    toBlock: number,
  ): Promise<Log[]> {
    const filter = {
      address,
      topics,
      fromBlock: toQuantity(fromBlock),
      toBlock: toQuantity(toBlock),
    };
    const answer = await this.#ask('eth_getLogs', [filter]);
    if (!Array.isArray(answer)) throw new RpcError({ kind: 'not-understood' });
    return answer.map(logOf).filter((log) => log !== undefined);
  }

  /** Returns the number of transactions that an account has sent, in a block or with those waiting. */
  async transactionCount(account: string, block: number | 'pending'): Promise<number> {
    const tag = block === 'pending' ? block : toQuantity(block);
    return quantity(await this.#ask('eth_getTransactionCount', [account, tag]));
  }

  /** Returns the coin that an account holds for gas, in wei. */
  async coinOf(account: string, block: number): Promise<bigint> {
    return bigQuantity(await this.#ask('eth_getBalance', [account, toQuantity(block)]));
  }

  /** Returns prices of gas that a transaction may offer (EIP-1559), in wei. */
  async gasPrices(): Promise<GasPrices> {
    const newest = fieldsOf(await this.#ask('eth_getBlockByNumber', ['latest', false]));
    const base = bigQuantity(newest['baseFeePerGas']);
    const tip = bigQuantity(await this.#ask('eth_maxPriorityFeePerGas', []));
    // A base fee doubles in six full blocks.
    return { maxFeePerGas: 2n * base + tip, maxPriorityFeePerGas: tip };
  }

  /** Returns the gas that a transaction would use; one that would fail is refused. */
  async estimateGas({ value, ...call }: CallToEstimate): Promise<number> {
    const coin = value === undefined ? {} : { value: toQuantity(value) };
    return quantity(await this.#ask('eth_estimateGas', [{ ...call, ...coin }]));
  }

  /** Sends a signed transaction. The same bytes may be sent again. */
  async send(raw: string): Promise<void> {
    await this.#ask('eth_sendRawTransaction', [raw]);
  }

  /** Returns the receipt of a transaction, or nothing while it is in no block. */
  async receipt(transactionHash: string): Promise<TransactionReceipt | undefined> {
    const answer = await this.#ask('eth_getTransactionReceipt', [transactionHash]);
    if (answer === null) return undefined;
    const fields = fieldsOf(answer);
    return {
      transactionHash: word(fields['transactionHash']),
      blockNumber: quantity(fields['blockNumber']),
      isDone: quantity(fields['status']) === 1,
    };
  }

  async #ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const request = new Request(this.address, {
      method: 'POST',
      cache: 'no-store',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const response = await sendPatiently(this.context, request).catch(() => {
      throw new RpcError({ kind: 'unreachable' });
    });
    const answer = fieldsOf(await response.json().catch(() => undefined));
    const { error, result } = answer;
    if (typeof error === 'object' && error !== null) {
      throw new RpcError(refusalOf(error));
    }
    if (result === undefined) throw new RpcError({ kind: 'not-understood' });
    return result;
  }
}

/** Code of an error that carries the data of a revert. */
const REVERTED = 3;

function refusalOf(error: object): RpcFailure {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const isRevert = code === REVERTED || (typeof message === 'string' && /revert/i.test(message));
  return { kind: 'refused', code: typeof code === 'number' ? code : 0, isRevert };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new RpcError({ kind: 'not-understood' });
  return value as Record<string, unknown>;
}

function matching(pattern: RegExp): (value: unknown) => string {
  return (value) => {
    if (typeof value === 'string' && pattern.test(value)) return value.toLowerCase();
    throw new RpcError({ kind: 'not-understood' });
  };
}

const word = matching(/^0x[0-9a-fA-F]{64}$/);
const addressText = matching(/^0x[0-9a-fA-F]{40}$/);
const hexadecimal = matching(/^0x([0-9a-fA-F]{2})*$/);

const quantityText = matching(/^0x[0-9a-fA-F]{1,16}$/);

function quantity(value: unknown): number {
  const number = Number(quantityText(value));
  if (!Number.isSafeInteger(number)) throw new RpcError({ kind: 'not-understood' });
  return number;
}

const bigQuantityText = matching(/^0x[0-9a-fA-F]{1,64}$/);

function bigQuantity(value: unknown): bigint {
  return BigInt(bigQuantityText(value));
}

function toQuantity(number: number | bigint): string {
  return `0x${number.toString(16)}`;
}

/** Reads an event; one that a reorg took away is none. */
function logOf(value: unknown): Log | undefined {
  const fields = fieldsOf(value);
  if (fields['removed'] === true) return undefined;
  const { topics } = fields;
  if (!Array.isArray(topics)) throw new RpcError({ kind: 'not-understood' });
  return {
    address: addressText(fields['address']),
    topics: topics.map(word),
    data: hexadecimal(fields['data']),
    blockNumber: quantity(fields['blockNumber']),
    transactionHash: word(fields['transactionHash']),
    logIndex: quantity(fields['logIndex']),
  };
}
