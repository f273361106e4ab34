/** Chain that takes transactions, and a wallet with accounts on it, for tests. */

import { uintWord } from '../../chain/abi.ts';
import { RpcEndpoint } from '../../chain/rpc.ts';
import type { AccountAction, GasTerms, OwnAccount, SigningWallet } from '../ports.ts';
import { address, answering, CHAIN, endpointFetch, word } from './fakes.ts';

/** Account that pays for the person's own transactions. */
export const GAS_ACCOUNT = address('d');

/** Chain with accounts, which takes transactions. */
export class World {
  coins: Record<string, bigint> = { [GAS_ACCOUNT]: 10n ** 12n };
  tokens: Record<string, bigint> = { [address('4')]: 70n, [address('5')]: 30n };
  counts: Record<string, number> = { [GAS_ACCOUNT]: 7 };
  /** Tip that the chain asks for; the base fee is 1. */
  tip = 1n;
  gas = 300_000;
  sent: string[] = [];
  receipts: Record<string, number> = {};
  newest = 75;
  wouldFail = false;
  signed: { account: OwnAccount; action: AccountAction; terms: GasTerms }[] = [];

  readonly wallet: SigningWallet = {
    receiveAddress: async (epoch) => address(String(epoch)),
    gasAddress: async () => GAS_ACCOUNT,
    signAction: async (account, action, terms) => {
      this.signed.push({ account, action, terms });
      const from = account.kind === 'gas' ? GAS_ACCOUNT : address(String(account.epoch));
      const digit = this.signed.length.toString(16);
      return { raw: `0x0${digit}`, hash: word(digit), from, nonce: terms.nonce };
    },
    exportKey: () => Promise.reject(new Error('no key is taken from here')),
  };

  #answer(method: string, params: unknown[]): unknown {
    const hex = (value: bigint | number) => `0x${value.toString(16)}`;
    const account = params[0] as string;
    switch (method) {
      case 'eth_getBalance':
        return hex(this.coins[account] ?? 0n);
      case 'eth_getTransactionCount':
        return hex(this.counts[account] ?? 0);
      case 'eth_maxPriorityFeePerGas':
        return hex(this.tip);
      case 'eth_estimateGas':
        return hex(this.gas);
      case 'eth_sendRawTransaction':
        this.sent.push(account);
        return word('9');
      case 'eth_getTransactionReceipt': {
        const block = this.receipts[account];
        if (block === undefined) return null;
        return { transactionHash: account, blockNumber: hex(block), status: '0x1' };
      }
      default:
        return this.#domain(params);
    }
  }

  #domain(params: unknown[]): string | undefined {
    const { data } = (params[0] ?? {}) as { data?: string };
    const text = (value: string) =>
      uintWord(BigInt(value.length)) + Buffer.from(value).toString('hex').padEnd(64, '0');
    const words = [15n, 7n * 32n, 9n * 32n, 0n, 0n, 0n, 0n].map(uintWord).join('');
    if (data === '0x84b0196e') return `0x${words}${text('Annona')}${text('1')}`;
    return data?.startsWith('0x7ecebe00') ? `0x${uintWord(4n)}` : undefined;
  }

  endpoint(name = 'rpc'): RpcEndpoint {
    const context = answering(async (request) => {
      const body = (await request.clone().json()) as { method: string; params: unknown[] };
      if (body.method === 'eth_estimateGas' && this.wouldFail) {
        return new Response(JSON.stringify({ error: { code: 3 } }));
      }
      const result = this.#answer(body.method, body.params);
      if (result !== undefined) return new Response(JSON.stringify({ result }));
      const chain = { ...CHAIN, newest: this.newest, balances: this.tokens };
      const answer = (await (await endpointFetch(chain)(request)).json()) as { result: object };
      if (body.method === 'eth_getBlockByNumber') {
        return new Response(JSON.stringify({ result: { ...answer.result, baseFeePerGas: '0x1' } }));
      }
      return new Response(JSON.stringify(answer));
    });
    return new RpcEndpoint(`https://${name}.example/`, context);
  }
}
