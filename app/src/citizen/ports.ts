/**
 * The wallet's calls from an identity to a payment, as the screens use them. Hexadecimal texts
 * begin with 0x and are in lower case.
 */

import type { InclusionPath } from '../tree/tree.ts';
import { WalletRefusal, type WalletClient } from '../wallet/index.ts';

/** Contracts and chain for which the wallet proves, and for no others. */
export interface Deployment {
  chainId: number;
  distributor: string;
  registry: string;
  orbRegistry: string;
  token: string;
}

/** Claim that is to be proved. */
export interface ClaimToProve {
  epoch: number;
  recipient: string;
  feeRecipient: string;
  /** Decimal, in the token's smallest unit. */
  fee: string;
  path: InclusionPath;
}

/** Proof of a claim. */
export interface ProvedClaim {
  nullifierHash: string;
  /** Eight coordinates in the order of the API. */
  proof: string[];
}

/** Steps of a proof that are done, of all. */
export type OnProving = (done: number, total: number) => void;

/** The wallet as far as the way to a payment needs it. */
export interface CitizenWallet {
  /** Has the wallet work for a deployment from now on, and refuses every other. */
  adopt(deployment: Deployment): Promise<Deployment>;
  /** Returns the deployment that was adopted, if one was. */
  deployment(): Promise<Deployment | undefined>;
  commitment(): Promise<string>;
  nullifierHashes(epochs: readonly number[]): Promise<string[]>;
  receiveAddress(epoch: number): Promise<string>;
  proveClaim(claim: ClaimToProve, onStep: OnProving): Promise<ProvedClaim>;
}

/** Calls by their names, for as long as the messages of the wallet do not have their types. */
type CallByName = (
  name: string,
  request: object,
  onStep?: (report: { done: number; total: number }) => void,
) => Promise<unknown>;

/** Speaks to the wallet's worker. */
export function citizenWallet(client: WalletClient): CitizenWallet {
  const call = client.call.bind(client) as unknown as CallByName;
  const ask = async <Answer>(name: string, request: object = {}) =>
    (await call(name, request)) as Answer;
  return {
    adopt: async (deployment) =>
      (await ask<{ deployment: Deployment }>('adopt', { deployment })).deployment,
    deployment: async () => (await ask<{ deployment?: Deployment }>('deployment')).deployment,
    commitment: async () => (await ask<{ commitment: string }>('commitment')).commitment,
    nullifierHashes: async (epochs) =>
      (await ask<{ nullifierHashes: string[] }>('nullifierHashes', { epochs: [...epochs] }))
        .nullifierHashes,
    receiveAddress: async (epoch) =>
      (await ask<{ address: string }>('receiveAddress', { epoch })).address,
    proveClaim: async (claim, onStep) =>
      (await call('proveClaim', claim, ({ done, total }) => onStep(done, total))) as ProvedClaim,
  };
}

/** Returns the code of a wallet's refusal; whatever else went wrong is internal. */
export function refusalCode(error: unknown): string {
  return error instanceof WalletRefusal ? error.failure.code : 'internal';
}
