/**
 * Messages between a page and the wallet's worker, and the rules that both sides apply.
 *
 * The secret is in none of them. The one exception is the recovery card, which the person asks
 * for with the PIN or the passkey at hand: the call `recoveryCard`. The key of one account can be
 * had in the same way (`exportKey`); the secret does not follow from it.
 */

/** Fewest and most digits of a PIN. */
export const PIN_MIN_DIGITS = 6;
export const PIN_MAX_DIGITS = 12;
/** Words of a recovery card: 256 bits and their checksum (BIP-39). */
export const CARD_WORDS = 24;
/** Words that the person is asked for when a card is checked. */
export const CARD_QUESTIONS = 3;

/** Reason for which a PIN is not taken. */
export type PinProblem = 'not-digits' | 'too-short' | 'too-long' | 'too-simple';

/** Returns the reason for which a PIN is not taken, if there is one. */
export function pinProblem(pin: string): PinProblem | undefined {
  if (!/^[0-9]*$/.test(pin)) return 'not-digits';
  if (pin.length < PIN_MIN_DIGITS) return 'too-short';
  if (pin.length > PIN_MAX_DIGITS) return 'too-long';
  const steps = new Set([...pin].slice(1).map((digit, index) => Number(digit) - Number(pin[index])));
  const isOneStep = steps.size === 1 && [-1, 0, 1].some((step) => steps.has(step));
  return isOneStep ? 'too-simple' : undefined;
}

/** Evidence that the person is there: the PIN, or the passkey's answer to the vault's question. */
export type Proof =
  | { kind: 'pin'; pin: string }
  | { kind: 'passkey'; prfOutput: Uint8Array<ArrayBuffer> };

/** Passkey that opens a vault, as the page has to ask for it. */
export interface PasskeyQuestion {
  credentialId: Uint8Array<ArrayBuffer>;
  prfInput: Uint8Array<ArrayBuffer>;
}

/** Passkey that was just made, with its answer. */
export interface NewPasskey extends PasskeyQuestion {
  prfOutput: Uint8Array<ArrayBuffer>;
}

/** Words of a card that do not make a secret, and why. */
export type WordsProblem =
  | { kind: 'count'; count: number }
  | { kind: 'unknown-word'; position: number; word: string }
  | { kind: 'checksum' };

/** Start of the text of the code on a recovery card, of any version. */
export const CARD_CODE_START = 'ANNONA-CARD-';

/** Reason for which the code of a card is none of this version. */
export type CardCodeProblem = 'not-a-card' | 'other-version' | 'damaged';

/** Words or code of a card that do not make a secret, and why. */
export type CardProblem = WordsProblem | { kind: CardCodeProblem };

/** Recovery card: the secret in two forms. */
export interface RecoveryCard {
  words: string[];
  /** Text of its code; none where the module that makes it could not be loaded. */
  code?: string;
}

/** Start of the text of the codes that carry a copy to a second device, of any version. */
export const COPY_CODE_START = 'ANNONA-COPY-';

/** Reason for which the code of a copy is not taken; a mismatch is of another copy. */
export type CopyProblem = 'not-a-copy' | 'other-version' | 'other-step' | 'damaged' | 'mismatch';

/** Seconds after which a new code of a visit is shown. */
export const VISIT_RENEW_SECS = 30;

/** Purpose of a visit to an orb. */
export type VisitKind = 'new' | 'recovery';

/** Code on the screen. */
export interface VisitCode {
  text: string;
  /** Nonce of this code, by which the device knows what an orb made of it; 0x and 64 digits. */
  nonce: string;
  /** Time from which another code is to be shown, Unix seconds. */
  renewAt: number;
}

/** Request to a service about a package: to hand it out, or to delete it. */
export type PackageRequest = 'collect' | 'confirm';

/**
 * Reason for which a custody package is not taken. Only the key of its visit decrypts it, so that
 * one for another visit cannot be told from one that was changed under way.
 */
export type PackageProblem =
  | 'damaged'
  | 'not-for-this-visit'
  | 'other-visit'
  | 'unknown-model'
  | 'not-what-was-signed';

/** Visit whose package is not here, or whose service was not told that it is. */
export interface PackageVisit {
  nonce: string;
  /** Next step: fetch it, have the copy deleted, or none. */
  step: PackageRequest | 'given-up';
  /** A service keeps packages for a week; by this device's clock that is over. */
  isLate: boolean;
}

/** Statement of an orb about a person, with commitments (docs/spec/enrolment.md). No secret. */
export interface OrbStatement {
  commitment: string;
  irisDigest: string;
  imageDigest: string;
  modelId: string;
  kind: VisitKind;
  /** Time of the capture by the orb's clock, Unix seconds. */
  capturedAt: number;
  nonce: string;
  leftImageCommitment: string;
  rightImageCommitment: string;
  leftCodeCommitment: string;
  rightCodeCommitment: string;
  signature: string;
}

/** Package that this device keeps: the statement in it, or the reason that it cannot be read. */
export type KeptPackage = {
  nonce: string;
  /** The service has deleted its copy. */
  isConfirmed: boolean;
} & (
  | { kind: 'checked'; statement: OrbStatement }
  | { kind: 'unreadable'; problem: PackageProblem }
);

/** Contents of a package as files; whoever reads them knows the eyes. */
export interface ExportedPackage {
  left: string;
  right: string;
  statement: OrbStatement;
}

/** State of the vault on this device. */
export type WalletStatus =
  | { kind: 'absent' }
  /** A record that this version cannot read, or that is not whole. */
  | { kind: 'unreadable'; reason: 'other-version' | 'damaged' }
  | {
      kind: 'locked' | 'unlocked';
      /** Ways in that are left. */
      canUsePin: boolean;
      passkey?: PasskeyQuestion;
      isCardChecked: boolean;
      /** Seconds until a PIN is looked at again. */
      waitSecs: number;
    };

/** Chain and contracts for which a wallet proves. Addresses: 0x and 40 lower-case digits. */
export interface Deployment {
  chainId: number;
  distributor: string;
  registry: string;
  orbRegistry: string;
  token: string;
}

/** Way of a commitment up to a root. Field elements: 0x and 64 lower-case digits. */
export interface InclusionPath {
  leafIndex: number;
  /** Siblings from the leaf to the root, 30 of them. */
  siblings: string[];
  root: string;
}

/** Claim that is to be proved for the deployment that the wallet knows. */
export interface ClaimToProve {
  epoch: number;
  recipient: string;
  feeRecipient: string;
  /** Decimal, in the token's smallest unit. */
  fee: string;
  /** Its root is `R_e`, which the page has compared with the chain's. */
  path: InclusionPath;
}

/** Proof of a claim. */
export interface ProvedClaim {
  nullifierHash: string;
  /** Eight coordinates in the order of the API. */
  proof: string[];
}

/** Account whose key follows from the secret: that of an epoch's payment, or the one for gas. */
export type OwnAccount = { kind: 'receive'; epoch: number } | { kind: 'gas' };

/** Claim that is sent to the distributor as it was proved. */
export interface ClaimToSend {
  epoch: number;
  nullifierHash: string;
  recipient: string;
  feeRecipient: string;
  fee: string;
  proof: readonly string[];
}

/**
 * Deed of an account: a payment in the chain's coin, or a call of the adopted deployment's token or
 * distributor. Amounts are decimal.
 */
export type AccountAction =
  /** Amount in wei. */
  | { kind: 'coin'; to: string; amount: string }
  | { kind: 'transfer'; to: string; amount: string }
  /** The owner, an account of an epoch, lets the sender move tokens (EIP-2612). */
  | {
      kind: 'permit';
      owner: number;
      amount: string;
      permitNonce: string;
      /** Unix seconds after which the token refuses it. */
      deadline: number;
      domain: { name: string; version: string };
    }
  | { kind: 'move'; owner: number; to: string; amount: string }
  | { kind: 'claim'; claim: ClaimToSend };

/** Terms of a transaction (EIP-1559). Prices of gas are decimal, in wei. */
export interface GasTerms {
  nonce: number;
  gasLimit: number;
  maxFeePerGas: string;
  maxPriorityFeePerGas: string;
}

/** Transaction that is ready to be sent. */
export interface SignedTransaction {
  raw: string;
  hash: string;
  from: string;
  nonce: number;
}

/** Range of tiles that are asked for together: the first, and the one behind the last. */
export interface TileRange {
  start: number;
  end: number;
}

/** Request of a page, with the answer that it gets. */
export interface WalletCalls {
  status: { request: object; answer: WalletStatus };
  create: { request: { pin: string }; answer: WalletStatus };
  /** Keeps the secret of a card, which is given by its words or by its code. */
  restore: { request: { card: string; pin: string }; answer: WalletStatus };
  checkCard: { request: { card: string }; answer: { problem?: CardProblem } };
  unlock: { request: { proof: Proof }; answer: WalletStatus };
  lock: { request: object; answer: WalletStatus };
  setPin: { request: { proof: Proof; pin: string }; answer: WalletStatus };
  addPasskey: { request: { proof: Proof; passkey: NewPasskey }; answer: WalletStatus };
  removePasskey: { request: { proof: Proof }; answer: WalletStatus };
  recoveryCard: { request: { proof: Proof }; answer: RecoveryCard };
  askCard: { request: object; answer: { positions: number[] } };
  answerCard: {
    request: { words: string[] };
    /** Positions of the words that were wrong; none means that the card is right. */
    answer: { wrong: number[] };
  };
  /** Begins a copy on the new device; the answer is its first code. */
  askCopy: { request: object; answer: { code: string } };
  /** Takes the key of the old device; the answer is the third code, and the digits to compare. */
  answerCopy: { request: { code: string }; answer: { code: string; digits: string } };
  /** Takes the encrypted secret of the old device. */
  receiveCopy: { request: { code: string }; answer: object };
  /** Keeps the secret that was received. */
  keepCopy: { request: { pin: string }; answer: WalletStatus };
  /** Begins a copy on the old device with the new one's first code; the answer is the second. */
  offerCopy: { request: { code: string }; answer: { code: string } };
  /** Takes the third code; the answer is the digits to compare. */
  compareCopy: { request: { code: string }; answer: { digits: string } };
  /** Encrypts the secret for the new device, once the person has compared the digits. */
  sealCopy: { request: { proof: Proof }; answer: { code: string } };
  /** Has the wallet work for a deployment from now on, and for no other. */
  adopt: { request: { deployment: Deployment }; answer: { deployment: Deployment } };
  deployment: { request: object; answer: { deployment?: Deployment } };
  commitment: { request: object; answer: { commitment: string } };
  nullifierHashes: { request: { epochs: number[] }; answer: { nullifierHashes: string[] } };
  receiveAddress: { request: { epoch: number }; answer: { address: string } };
  proveClaim: { request: ClaimToProve; answer: ProvedClaim };
  gasAddress: { request: object; answer: { address: string } };
  /** Signs a payment in coin, or a call of the adopted deployment's token or distributor. */
  signAction: {
    request: { account: OwnAccount; action: AccountAction; terms: GasTerms };
    answer: SignedTransaction;
  };
  /** Hands out the private key of one account, to somebody who has just proved to be there. */
  exportKey: {
    request: { proof: Proof; account: OwnAccount };
    answer: { address: string; key: string };
  };
  /** Begins a visit to an orb with a key of its own. */
  beginVisit: { request: { kind: VisitKind }; answer: object };
  /** Makes the code to show from now on, for the adopted deployment and the own commitment. */
  visitCode: { request: { now: number }; answer: VisitCode };
  /** Notes that an orb has read a code: its package is worth waiting for. */
  takeVisit: { request: { nonce: string }; answer: object };
  packageVisits: { request: object; answer: { visits: PackageVisit[] } };
  /** Signs a request about a package; to delete it only once it is kept here. */
  signPackageRequest: {
    request: { nonce: string; request: PackageRequest };
    answer: { signature: string };
  };
  /** Decrypts, checks and keeps a package, encrypted under the vault's data key. */
  keepPackage: {
    request: { nonce: string; sealed: string };
    /** A package that is refused is not kept, and changes nothing. */
    answer: { problem?: PackageProblem };
  };
  /** Notes that the service has deleted its copy, and deletes the keys of the visit. */
  endPackageVisit: { request: { nonce: string; outcome: 'deleted' | 'given-up' }; answer: object };
  packages: { request: object; answer: { packages: KeptPackage[] } };
  /** Hands out a package as files, to somebody who has just proved to be there. */
  exportPackage: { request: { proof: Proof; nonce: string }; answer: ExportedPackage };
  /** Deletes a package; nobody can make it again. */
  deletePackage: { request: { proof: Proof; nonce: string }; answer: object };
  /** Range of tiles with `number` newer ones, or the one around a tile (IDENT-9). No secret. */
  tileRange: {
    request: { leaves: number; members: number } & ({ number: number } | { tile: number });
    answer: { range?: TileRange };
  };
  /** Path of a leaf out of the four tiles above it, and the leaf itself. No secret. */
  treePath: {
    request: { leafIndex: number; tiles: Uint8Array<ArrayBuffer>[] };
    answer: { leaf: string; path: InclusionPath };
  };
}

export type WalletCall = keyof WalletCalls;

/** Step of a call that takes long, in order. Of `loading` bytes are counted. */
export type WalletStep = 'drawing' | 'protecting' | 'storing' | 'loading' | 'proving';

/** Reason for which a call was not done. Nothing was changed. */
export type WalletFailure =
  | { code: 'exists' | 'absent' | 'locked' | 'no-passkey' | 'passkey-refused' }
  | { code: 'pin-refused'; problem: PinProblem }
  | { code: 'wrong-pin'; failed: number; waitSecs: number }
  | { code: 'must-wait'; waitSecs: number }
  | { code: 'device-key-lost' | 'damaged' | 'other-version' }
  | { code: 'card-refused'; problem: CardProblem }
  | { code: 'not-asked' }
  | { code: 'copy-refused'; problem: CopyProblem }
  /** Another deployment was adopted, or none. */
  | { code: 'other-deployment' | 'no-deployment' }
  | { code: 'package-refused'; problem: PackageProblem }
  /** Nothing is known of this visit or package, in this tab or since another one ended it. */
  | { code: 'no-package' }
  /** The code that decrypts packages did not come. */
  | { code: 'custody-missing' }
  /** A number, an address or a path does not have its form. */
  | { code: 'not-understood' }
  /** The path leads to another root than the one that was given. */
  | { code: 'foreign-root' }
  /** Files of the prover did not come, or are others than those that the wallet knows. */
  | { code: 'files-missing' | 'files-damaged' }
  /** The module that computes with the secret, or the code that signs, did not come. */
  | { code: 'module-missing' | 'signing-missing' }
  /** The browser does not let the app keep or read anything. */
  | { code: 'storage-failed' }
  | { code: 'internal' };

/** Message from the page. */
export type ToWorker = {
  [Call in WalletCall]: { id: number; call: Call; request: WalletCalls[Call]['request'] };
}[WalletCall];

/** Message from the worker. */
export type FromWorker =
  | { id: number; kind: 'step'; step: WalletStep; done: number; total: number }
  | { id: number; kind: 'answer'; answer: unknown }
  | { id: number; kind: 'failure'; failure: WalletFailure };
