/**
 * The wallet's calls from an identity to a payment, as the screens use them. Hexadecimal texts
 * begin with 0x and are in lower case.
 */

import {
  WalletRefusal,
  type AccountAction,
  type ClaimToProve,
  type Deployment,
  type GasTerms,
  type OwnAccount,
  type Proof,
  type ProvedClaim,
  type SignedTransaction,
  type WalletCalls,
  type WalletClient,
} from '../wallet/index.ts';

export type {
  AccountAction,
  ClaimToProve,
  Deployment,
  GasTerms,
  OwnAccount,
  Proof,
  ProvedClaim,
  SignedTransaction,
} from '../wallet/index.ts';

/** Report of a proof: bytes of the prover that have come, or steps that are done, of all. */
export type OnProving = (step: 'loading' | 'proving', done: number, total: number) => void;

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

/** Calls of the wallet about a visit to an orb and its package. */
export type CustodyCall =
  | 'beginVisit'
  | 'visitCode'
  | 'takeVisit'
  | 'packageVisits'
  | 'signPackageRequest'
  | 'keepPackage'
  | 'endPackageVisit'
  | 'packages'
  | 'exportPackage'
  | 'deletePackage';

/** The wallet as far as a visit to an orb and its package need it; the client of the worker is one. */
export interface CustodyWallet {
  call<Call extends CustodyCall>(
    call: Call,
    request: WalletCalls[Call]['request'],
  ): Promise<WalletCalls[Call]['answer']>;
}

/** The wallet as far as the person's own transactions need it. */
export interface SigningWallet extends Pick<CitizenWallet, 'receiveAddress'> {
  /** Returns the address of the account that pays for the person's own transactions. */
  gasAddress(): Promise<string>;
  signAction(
    account: OwnAccount,
    action: AccountAction,
    terms: GasTerms,
  ): Promise<SignedTransaction>;
  exportKey(proof: Proof, account: OwnAccount): Promise<{ address: string; key: string }>;
}

/** Speaks to the wallet's worker. */
export function citizenWallet(client: WalletClient): CitizenWallet {
  return {
    adopt: async (deployment) => (await client.call('adopt', { deployment })).deployment,
    deployment: async () => (await client.call('deployment', {})).deployment,
    commitment: async () => (await client.call('commitment', {})).commitment,
    nullifierHashes: async (epochs) =>
      (await client.call('nullifierHashes', { epochs: [...epochs] })).nullifierHashes,
    receiveAddress: async (epoch) => (await client.call('receiveAddress', { epoch })).address,
    proveClaim: (claim, onStep) =>
      client.call('proveClaim', claim, ({ step, done, total }) =>
        onStep(step === 'loading' ? step : 'proving', done, total),
      ),
  };
}

/** Speaks to the wallet's worker about the person's own transactions. */
export function signingWallet(client: WalletClient): SigningWallet {
  return {
    receiveAddress: async (epoch) => (await client.call('receiveAddress', { epoch })).address,
    gasAddress: async () => (await client.call('gasAddress', {})).address,
    signAction: (account, action, terms) => client.call('signAction', { account, action, terms }),
    exportKey: (proof, account) => client.call('exportKey', { proof, account }),
  };
}

/** Returns the code of a wallet's refusal; whatever else went wrong is internal. */
export function refusalCode(error: unknown): string {
  return error instanceof WalletRefusal ? error.failure.code : 'internal';
}
