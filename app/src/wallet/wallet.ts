/**
 * Calls of the wallet, as the worker serves them. State lives in the storage, which all tabs
 * share; each call that reads and writes it runs alone, in all tabs (`runAlone`).
 */

import {
  afterWrongPin,
  NO_ATTEMPTS,
  waitSecs,
  withinLongestWait,
} from './attempts.ts';
import { concat, type Bytes } from '../bytes/bytes.ts';
import { readCard, writeCard } from './card.ts';
import {
  addressBytes,
  hexText,
  isSameDeployment,
  readClaim,
  readDeployment,
  TREE_DEPTH,
  wholeNumber,
} from './claims.ts';
import { CopyReceiver, CopySender } from './copy.ts';
import { fail } from './failure.ts';
import type { OnBytes } from './files.ts';
import {
  endVisit,
  exportPackage,
  forgetOldVisits,
  giveUpVisit,
  keepPackage,
  listPackages,
  makeCode,
  packageVisits,
  signFor,
  takeVisit,
  type Shelf,
} from './keeping.ts';
import { measured, ModuleRefusal, uint64, type Module } from './module.ts';
import type { ClaimProver } from './prover.ts';
import {
  CARD_CODE_START,
  CARD_QUESTIONS,
  CARD_WORDS,
  pinProblem,
  type CardProblem,
  type ClaimToProve,
  type Deployment,
  type ExportedPackage,
  type KeptPackage,
  type NewPasskey,
  type OwnAccount,
  type PackageVisit,
  type Proof,
  type ProvedClaim,
  type RecoveryCard,
  type SignedTransaction,
  type VisitCode,
  type VisitKind,
  type WalletCalls,
  type WalletStatus,
  type WalletStep,
} from './protocol.ts';
import { readRecord, type VaultRecord } from './record.ts';
import { generateDeviceKey, importKey } from './sealing.ts';
import type { WalletStorage } from './storage.ts';
import type { Argon2Cost } from './stretching.ts';
import {
  drawSecret,
  makeVault,
  openSecret,
  unwrapByPasskey,
  unwrapByPin,
  wrapByPasskey,
  wrapByPin,
} from './vault.ts';
import { drawVisitKey, type Visit, type VisitKey } from './visit.ts';
import { secretOfWords, splitWords, wordsOfSecret } from './words.ts';

/** Minutes without a call after which the wallet locks itself. */
const IDLE_MINUTES = 5;

/** Surroundings of a wallet. */
export interface WalletContext {
  storage: WalletStorage;
  /** Runs work while no other tab runs any under this. */
  runAlone: <T>(work: () => Promise<T>) => Promise<T>;
  nowMs: () => number;
  cost: Argon2Cost;
  /** Module and prover, each loaded when it is first needed. */
  computing: Computing;
}

/** The module and the prover that the wallet computes with. */
export interface Computing {
  module(): Promise<Module>;
  /** Bytes are reported only while the prover's files come. */
  prover(onBytes?: OnBytes): Promise<ClaimProver>;
}

/** Report of the steps of a call that takes long. */
export type OnStep = (step: WalletStep, done: number, total: number) => void;

/** Open vault: its data key, which decrypts and cannot be read out. */
interface Session {
  id: Bytes;
  dataKey: CryptoKey;
  lastUsedMs: number;
  /** Positions of the words that the person was asked for, from 1. */
  asked?: number[];
}

/** Record with the key of the device, if that is still there. */
interface Stored {
  record: VaultRecord;
  deviceKey: CryptoKey | undefined;
}

export class Wallet {
  #session: Session | undefined;
  /** Copy that this device receives, and copy that it gives. */
  #receiver: CopyReceiver | undefined;
  #sender: CopySender | undefined;
  /** Visit whose codes are shown. */
  #visit: { visit: Visit; key: VisitKey } | undefined;

  constructor(private readonly context: WalletContext) {}

  /** Tells the state of the vault. */
  async status(): Promise<WalletStatus> {
    const { storage, nowMs } = this.context;
    const stored = await storage.record();
    if (stored === undefined) return { kind: 'absent' };
    const read = readRecord(stored);
    if (read.kind === 'unreadable') return read;
    const { record } = read;
    const attempts = (await storage.attempts()) ?? NO_ATTEMPTS;
    const { passkey } = record;
    return {
      kind: this.#openSession(record) ? 'unlocked' : 'locked',
      canUsePin: (await storage.deviceKey()) !== undefined,
      ...(passkey && {
        passkey: { credentialId: passkey.credentialId, prfInput: passkey.prfInput },
      }),
      isCardChecked: record.isCardChecked,
      waitSecs: waitSecs(withinLongestWait(attempts, nowMs()), nowMs()),
    };
  }

  /** Draws a secret and keeps it under a PIN. Never touches an identity that is there. */
  async create({ pin }: { pin: string }, onStep: OnStep): Promise<WalletStatus> {
    refuseWeakPin(pin);
    return this.context.runAlone(async () => {
      if ((await this.context.storage.record()) !== undefined) fail({ code: 'exists' });
      onStep('drawing', 0, 3);
      const secret = drawSecret();
      return this.#keep(secret, pin, false, onStep);
    });
  }

  /** Says whether the words or the code of a card make a secret; changes nothing. */
  async checkCard({ card }: { card: string }): Promise<{ problem?: CardProblem }> {
    const read = await this.#readCard(card);
    if ('problem' in read) return { problem: read.problem };
    read.secret.fill(0);
    return {};
  }

  /**
   * Keeps the secret of a card under a PIN. Never touches an identity that is there, unless
   * nothing on this device can open it; then its record is put aside.
   */
  async restore(
    { card, pin }: { card: string; pin: string },
    onStep: OnStep,
  ): Promise<WalletStatus> {
    refuseWeakPin(pin);
    const read = await this.#readCard(card);
    if ('problem' in read) return fail({ code: 'card-refused', problem: read.problem });
    return this.context.runAlone(async () => {
      const stored = await this.context.storage.record();
      if (stored !== undefined && !(await this.#isBeyondOpening(stored))) fail({ code: 'exists' });
      onStep('drawing', 0, 3);
      return this.#keep(read.secret, pin, true, onStep);
    });
  }

  /** Opens the vault. */
  async unlock({ proof }: { proof: Proof }): Promise<WalletStatus> {
    return this.context.runAlone(async () => {
      await this.#open(proof, async (dataKey, { record }) => {
        (await openSecret(record, await importKey(dataKey))).fill(0);
        await this.#begin(record, dataKey);
      });
      return this.status();
    });
  }

  /** Forgets the open vault, and a copy of it that is not made yet. */
  async lock(): Promise<WalletStatus> {
    this.#session = undefined;
    this.#sender = undefined;
    this.#visit = undefined;
    return this.status();
  }

  /** Sets another PIN; also the way back when the device's key was lost and a passkey is left. */
  async setPin({ proof, pin }: { proof: Proof; pin: string }): Promise<WalletStatus> {
    refuseWeakPin(pin);
    return this.context.runAlone(async () => {
      await this.#open(proof, async (dataKey, { record, deviceKey }) => {
        const key = deviceKey ?? (await generateDeviceKey());
        const wrapping = await wrapByPin(record.id, dataKey, pin, key, this.context.cost);
        await this.context.storage.updateRecord({ ...record, pin: wrapping }, key);
        await this.context.storage.clearAttempts();
      });
      return this.status();
    });
  }

  /** Lets a passkey open the vault, in the place of an earlier one. */
  async addPasskey({
    proof,
    passkey,
  }: {
    proof: Proof;
    passkey: NewPasskey;
  }): Promise<WalletStatus> {
    return this.context.runAlone(async () => {
      await this.#open(proof, async (dataKey, { record }) => {
        const wrapping = await wrapByPasskey(record.id, dataKey, passkey);
        await this.context.storage.updateRecord({ ...record, passkey: wrapping });
      });
      passkey.prfOutput.fill(0);
      return this.status();
    });
  }

  /** Has the passkey open the vault no longer. Refused while it is the only way in. */
  async removePasskey({ proof }: { proof: Proof }): Promise<WalletStatus> {
    return this.context.runAlone(async () => {
      await this.#open(proof, async (_dataKey, { record, deviceKey }) => {
        if (!deviceKey) fail({ code: 'device-key-lost' });
        const { passkey: _removed, ...rest } = record;
        await this.context.storage.updateRecord(rest);
      });
      return this.status();
    });
  }

  /** Hands out the recovery card, to somebody who has just proved to be there. */
  async recoveryCard({ proof }: { proof: Proof }): Promise<RecoveryCard> {
    const module = await this.context.computing.module().catch(() => undefined);
    return this.context.runAlone(async () =>
      this.#open(proof, async (dataKey, { record }) => {
        const secret = await openSecret(record, await importKey(dataKey));
        try {
          const code = module && (await writeCard(secret, commitmentBy(module)));
          await this.#begin(record, dataKey);
          return { words: wordsOfSecret(secret), ...(code !== undefined && { code }) };
        } finally {
          secret.fill(0);
        }
      }),
    );
  }

  /** Draws the words of the card that the person is asked for. */
  async askCard(): Promise<{ positions: number[] }> {
    const session = this.#require((await this.#stored()).record);
    session.asked ??= drawPositions(CARD_QUESTIONS, CARD_WORDS);
    return { positions: session.asked };
  }

  /** Compares the words that the person wrote with the secret, and notes a card that is right. */
  async answerCard({ words }: { words: string[] }): Promise<{ wrong: number[] }> {
    return this.context.runAlone(async () => {
      const { record } = await this.#stored();
      const session = this.#require(record);
      const { asked } = session;
      if (!asked || words.length !== asked.length) return fail({ code: 'not-asked' });
      const secret = await openSecret(record, session.dataKey);
      const right = wordsOfSecret(secret);
      secret.fill(0);
      const wrong = asked.filter(
        (position, index) => splitWords(words[index] ?? '')[0] !== right[position - 1],
      );
      if (wrong.length === 0) {
        delete session.asked;
        await this.context.storage.updateRecord({ ...record, isCardChecked: true });
      }
      return { wrong };
    });
  }

  /** Begins a copy on the new device, in the place of an earlier one. */
  async askCopy(): Promise<{ code: string }> {
    this.#receiver = await CopyReceiver.begin();
    return { code: this.#receiver.commitmentCode() };
  }

  /** Takes the key of the old device. */
  async answerCopy({ code }: { code: string }): Promise<{ code: string; digits: string }> {
    return (this.#receiver ?? fail({ code: 'not-asked' })).answer(code);
  }

  /** Takes the encrypted secret of the old device. */
  async receiveCopy({ code }: { code: string }): Promise<object> {
    await (this.#receiver ?? fail({ code: 'not-asked' })).receive(code);
    return {};
  }

  /** Keeps the secret that was received, and never over an identity that is there (IDENT-13). */
  async keepCopy({ pin }: { pin: string }, onStep: OnStep): Promise<WalletStatus> {
    refuseWeakPin(pin);
    const receiver = this.#receiver ?? fail({ code: 'not-asked' });
    return this.context.runAlone(async () => {
      if ((await this.context.storage.record()) !== undefined) fail({ code: 'exists' });
      onStep('drawing', 0, 3);
      const status = await this.#keep(await receiver.secret(), pin, false, onStep);
      this.#receiver = undefined;
      return status;
    });
  }

  /** Begins a copy on the old device, in the place of an earlier one. */
  async offerCopy({ code }: { code: string }): Promise<{ code: string }> {
    this.#require((await this.#stored()).record);
    this.#sender = await CopySender.begin(code);
    return { code: this.#sender.keyCode() };
  }

  /** Takes the key of the new device. */
  async compareCopy({ code }: { code: string }): Promise<{ digits: string }> {
    this.#require((await this.#stored()).record);
    return (this.#sender ?? fail({ code: 'not-asked' })).compare(code);
  }

  /** Encrypts the secret for the new device, for somebody who has just proved to be there (IDENT-12). */
  async sealCopy({ proof }: { proof: Proof }): Promise<{ code: string }> {
    const sender = this.#sender ?? fail({ code: 'not-asked' });
    return this.context.runAlone(async () =>
      this.#open(proof, async (dataKey, { record }) => {
        const secret = await openSecret(record, await importKey(dataKey));
        try {
          const code = await sender.seal(secret);
          this.#sender = undefined;
          await this.#begin(record, dataKey);
          return { code };
        } finally {
          secret.fill(0);
        }
      }),
    );
  }

  /** Has the wallet work for a deployment, the first that it is given. */
  async adopt({ deployment }: { deployment: Deployment }): Promise<{ deployment: Deployment }> {
    const asked = readDeployment(deployment);
    return this.context.runAlone(async () => {
      const { storage } = this.context;
      const adopted = await storage.deployment();
      if (adopted === undefined) await storage.addDeployment(asked);
      else if (!isSameDeployment(adopted, asked)) fail({ code: 'other-deployment' });
      return { deployment: adopted ?? asked };
    });
  }

  /** Returns the deployment that was adopted. */
  async deployment(): Promise<{ deployment?: Deployment }> {
    const deployment = await this.context.storage.deployment();
    return deployment ? { deployment } : {};
  }

  /** Derives the commitment. */
  async commitment(): Promise<{ commitment: string }> {
    const module = await this.context.computing.module();
    return this.#withSecret(async (secret) => ({
      commitment: hexText(module.call('commitment', secret)),
    }));
  }

  /** Derives the nullifier hash of each epoch. */
  async nullifierHashes({ epochs }: { epochs: number[] }): Promise<{ nullifierHashes: string[] }> {
    const scope = await this.#scope();
    const module = await this.context.computing.module();
    return this.#withSecret(async (secret) => ({
      nullifierHashes: epochs.map((epoch) =>
        hexText(module.call('nullifierHash', secret, scope, uint64(wholeNumber(epoch)))),
      ),
    }));
  }

  /** Derives the address that receives the payment of an epoch by default. */
  async receiveAddress({ epoch }: { epoch: number }): Promise<{ address: string }> {
    const scope = await this.#scope();
    const module = await this.context.computing.module();
    return this.#withSecret(async (secret) => ({
      address: hexText(module.call('receiveAddress', secret, scope, uint64(wholeNumber(epoch)))),
    }));
  }

  /** Proves a claim for the deployment that was adopted, and for nothing else. */
  async proveClaim(claim: ClaimToProve, onStep: OnStep): Promise<ProvedClaim> {
    const { deployment } = await this.deployment();
    if (!deployment) return fail({ code: 'no-deployment' });
    const statement = readClaim(claim, deployment);
    const prover = await this.context.computing.prover((done, total) =>
      onStep('loading', done, total),
    );
    return this.#withSecret(async (secret) => {
      const proof = await prover
        .prove(secret, statement, (done, total) => onStep('proving', done, total))
        .catch(failAsModule);
      return {
        nullifierHash: hexText(proof.nullifierHash),
        proof: proof.coordinates.map(hexText),
      };
    });
  }

  /** Derives the address of the account that pays for the person's own transactions. */
  async gasAddress(): Promise<{ address: string }> {
    const { addressOfKey } = await signingCode();
    return this.#withKey({ kind: 'gas' }, async (key) => ({ address: addressOfKey(key) }));
  }

  /** Signs a transaction of an own account, on the chain of the deployment that was adopted. */
  async signAction({
    account,
    action,
    terms,
  }: WalletCalls['signAction']['request']): Promise<SignedTransaction> {
    const { deployment } = await this.deployment();
    if (!deployment) return fail({ code: 'no-deployment' });
    const { signAction } = await signingCode();
    return this.#withKey(account, async (sender) => {
      if (!('owner' in action)) return signAction({ sender }, deployment, action, terms);
      return this.#withKey({ kind: 'receive', epoch: action.owner }, async (owner) =>
        signAction({ sender, owner }, deployment, action, terms),
      );
    });
  }

  /** Hands out the key of one account, to somebody who has just proved to be there. */
  async exportKey({
    proof,
    account,
  }: WalletCalls['exportKey']['request']): Promise<WalletCalls['exportKey']['answer']> {
    const { addressOfKey } = await signingCode();
    return this.context.runAlone(async () => {
      await this.#openAnew(proof);
      return this.#withKey(account, async (key) => ({
        address: addressOfKey(key),
        key: hexText(key),
      }));
    });
  }

  /** Begins a visit to an orb, in the place of an earlier one. */
  async beginVisit({ kind }: { kind: VisitKind }): Promise<object> {
    const { deployment } = await this.deployment();
    if (!deployment) return fail({ code: 'no-deployment' });
    const { chainId, orbRegistry } = deployment;
    const visit = { kind, chainId, orbRegistry, ...(await this.commitment()) };
    this.#visit = { visit, key: await drawVisitKey() };
    await this.context.runAlone(async () => forgetOldVisits(this.context));
    return {};
  }

  /** Makes a code of the visit, whose key is kept until its package is here. */
  async visitCode({ now }: { now: number }): Promise<VisitCode> {
    const { visit, key } = this.#visit ?? fail({ code: 'not-asked' });
    // A code that renews itself does not keep an identity open that nobody uses.
    if (!this.#openSession((await this.#stored()).record)) fail({ code: 'locked' });
    return makeCode(this.context, visit, key, wholeNumber(now));
  }

  /** Notes that an orb has read a code. */
  async takeVisit({ nonce }: { nonce: string }): Promise<object> {
    await this.context.runAlone(async () => takeVisit(this.context, nonce));
    return {};
  }

  /** Lists the visits whose packages are not here, or were not confirmed. */
  async packageVisits(): Promise<{ visits: PackageVisit[] }> {
    const { commitment } = await this.commitment();
    return { visits: await packageVisits(this.context, commitment) };
  }

  /** Signs a request to a service about a package. */
  async signPackageRequest(
    request: WalletCalls['signPackageRequest']['request'],
  ): Promise<{ signature: string }> {
    this.#require((await this.#stored()).record);
    return { signature: await signFor(this.context, request.nonce, request.request) };
  }

  /** Decrypts, checks and keeps a package. Nothing of it is stored in the clear. */
  async keepPackage(
    request: WalletCalls['keepPackage']['request'],
  ): Promise<WalletCalls['keepPackage']['answer']> {
    const code = await custodyCode();
    return this.context.runAlone(async () => {
      const problem = await keepPackage(this.context, await this.#shelf(), code, request);
      return problem ? { problem } : {};
    });
  }

  /** Ends the wait for a package. */
  async endPackageVisit({
    nonce,
    outcome,
  }: WalletCalls['endPackageVisit']['request']): Promise<object> {
    await this.context.runAlone(async () =>
      outcome === 'deleted' ? endVisit(this.context, nonce) : giveUpVisit(this.context, nonce),
    );
    return {};
  }

  /** Lists the packages that this device keeps, each checked anew. */
  async packages(): Promise<{ packages: KeptPackage[] }> {
    const stored = await this.context.storage.packages();
    if (stored.length === 0) return { packages: [] };
    const code = await custodyCode();
    return { packages: await listPackages(this.context, await this.#shelf(), code, stored) };
  }

  /** Hands out a package, to somebody who has just proved to be there. */
  async exportPackage({
    proof,
    nonce,
  }: WalletCalls['exportPackage']['request']): Promise<ExportedPackage> {
    const code = await custodyCode();
    return this.context.runAlone(async () => {
      await this.#openAnew(proof);
      return exportPackage(this.context, await this.#shelf(), code, nonce);
    });
  }

  /** Deletes a package, for somebody who has just proved to be there. */
  async deletePackage({
    proof,
    nonce,
  }: WalletCalls['deletePackage']['request']): Promise<object> {
    return this.context.runAlone(async () => {
      await this.#openAnew(proof);
      await this.context.storage.deletePackage(nonce);
      // A service's copy that was not deleted yet can be decrypted by nobody then.
      await this.context.storage.deleteVisits([nonce]);
      return {};
    });
  }

  /** Returns a range of tiles that are asked for together. */
  async tileRange(
    request: WalletCalls['tileRange']['request'],
  ): Promise<WalletCalls['tileRange']['answer']> {
    const module = await this.context.computing.module();
    const { leaves, members } = request;
    const size = concat(uint64(wholeNumber(leaves)), uint64(wholeNumber(members)));
    const range =
      'tile' in request
        ? module.call('tileRangeAround', size, uint64(wholeNumber(request.tile)))
        : module.call('tileRange', size, uint64(wholeNumber(request.number)));
    if (range.length === 0) return {};
    const view = new DataView(range.buffer);
    return {
      range: { start: Number(view.getBigUint64(0)), end: Number(view.getBigUint64(8)) },
    };
  }

  /** Makes the path of a leaf out of the tiles above it. */
  async treePath({
    leafIndex,
    tiles,
  }: WalletCalls['treePath']['request']): Promise<WalletCalls['treePath']['answer']> {
    const module = await this.context.computing.module();
    try {
      const answer = module.call('path', uint64(wholeNumber(leafIndex)), ...tiles.map(measured));
      const word = (place: number) => hexText(answer.slice(32 * place, 32 * (place + 1)));
      return {
        leaf: word(0),
        path: {
          leafIndex,
          siblings: Array.from({ length: TREE_DEPTH }, (_, level) => word(level + 1)),
          root: word(TREE_DEPTH + 1),
        },
      };
    } catch (error) {
      return failAsModule(error);
    }
  }

  /** Opens the identity for somebody who has just proved to be there. */
  async #openAnew(proof: Proof): Promise<void> {
    await this.#open(proof, async (dataKey, { record }) => this.#begin(record, dataKey));
  }

  /** Returns the part of the open vault that packages are kept in. */
  async #shelf(): Promise<Shelf> {
    const { record } = await this.#stored();
    return { vaultId: record.id, dataKey: this.#require(record).dataKey };
  }

  /** Reads the secret from the code of a card, or else from its words. */
  async #readCard(card: string): Promise<{ secret: Bytes } | { problem: CardProblem }> {
    if (!card.trim().startsWith(CARD_CODE_START)) return secretOfWords(card);
    const module = await this.context.computing.module();
    const read = await readCard(card, commitmentBy(module));
    return 'problem' in read ? { problem: { kind: read.problem } } : read;
  }

  /** Hands the secret to work while the vault is open, and overwrites it. */
  async #withSecret<T>(work: (secret: Bytes) => Promise<T>): Promise<T> {
    const { record } = await this.#stored();
    const { dataKey } = this.#require(record);
    const secret = await openSecret(record, dataKey);
    try {
      return await work(secret);
    } finally {
      secret.fill(0);
    }
  }

  /** Hands the key of an account to work while the vault is open, and overwrites it. */
  async #withKey<T>(account: OwnAccount, work: (key: Bytes) => Promise<T>): Promise<T> {
    const scope = await this.#scope();
    const module = await this.context.computing.module();
    const key = await this.#withSecret(async (secret) =>
      account.kind === 'gas'
        ? module.call('gasKey', secret, scope)
        : module.call('receiveKey', secret, scope, uint64(wholeNumber(account.epoch))),
    );
    try {
      return await work(key);
    } finally {
      key.fill(0);
    }
  }

  /** Returns chain and distributor of the deployment as the module takes them. */
  async #scope(): Promise<Bytes> {
    const { deployment } = await this.deployment();
    if (!deployment) return fail({ code: 'no-deployment' });
    return concat(uint64(deployment.chainId), addressBytes(deployment.distributor));
  }

  /** Seals a secret, stores it and begins a session. Overwrites the secret. */
  async #keep(
    secret: Bytes,
    pin: string,
    isCardChecked: boolean,
    onStep: OnStep,
  ): Promise<WalletStatus> {
    const { storage, cost } = this.context;
    try {
      onStep('protecting', 1, 3);
      const deviceKey = await generateDeviceKey();
      const record = { ...(await makeVault(secret, pin, deviceKey, cost)), isCardChecked };
      // Nothing is stored that was not opened once.
      const dataKey = await unwrapByPin(record, pin, deviceKey);
      if (!dataKey) return fail({ code: 'internal' });
      (await openSecret(record, await importKey(dataKey))).fill(0);
      onStep('storing', 2, 3);
      const isFirst = (await storage.record()) === undefined;
      await (isFirst
        ? storage.addRecord(record, deviceKey)
        : storage.replaceRecord(record, deviceKey));
      await this.#begin(record, dataKey);
      dataKey.fill(0);
      onStep('storing', 3, 3);
      return await this.status();
    } finally {
      secret.fill(0);
    }
  }

  /** Opens the data key by a proof, hands it to work, and overwrites it. */
  async #open<T>(proof: Proof, work: (dataKey: Bytes, stored: Stored) => Promise<T>): Promise<T> {
    const stored = await this.#stored();
    const dataKey =
      proof.kind === 'pin'
        ? await this.#openByPin(proof.pin, stored)
        : await unwrapByPasskey(stored.record, proof.prfOutput);
    try {
      return await work(dataKey, stored);
    } finally {
      dataKey.fill(0);
    }
  }

  /** Counts the attempt before it looks at the PIN, so that closing the tab evades nothing. */
  async #openByPin(pin: string, { record, deviceKey }: Stored): Promise<Bytes> {
    const { storage, nowMs } = this.context;
    if (!deviceKey) return fail({ code: 'device-key-lost' });
    const before = withinLongestWait((await storage.attempts()) ?? NO_ATTEMPTS, nowMs());
    const wait = waitSecs(before, nowMs());
    if (wait > 0) {
      await storage.putAttempts(before);
      return fail({ code: 'must-wait', waitSecs: wait });
    }
    const counted = afterWrongPin(before, nowMs());
    await storage.putAttempts(counted);
    const dataKey = await unwrapByPin(record, pin, deviceKey).catch(async (error: unknown) => {
      await storage.putAttempts(before);
      throw error;
    });
    if (dataKey) {
      await storage.clearAttempts();
      return dataKey;
    }
    return fail({
      code: 'wrong-pin',
      failed: counted.failed,
      waitSecs: waitSecs(counted, nowMs()),
    });
  }

  async #stored(): Promise<Stored> {
    const stored = await this.context.storage.record();
    if (stored === undefined) return fail({ code: 'absent' });
    const read = readRecord(stored);
    if (read.kind === 'unreadable') return fail({ code: read.reason });
    return { record: read.record, deviceKey: await this.context.storage.deviceKey() };
  }

  /** Returns whether neither PIN nor passkey can open a stored value again. */
  async #isBeyondOpening(stored: unknown): Promise<boolean> {
    const read = readRecord(stored);
    if (read.kind === 'unreadable') return read.reason === 'damaged';
    return !read.record.passkey && (await this.context.storage.deviceKey()) === undefined;
  }

  async #begin({ id }: VaultRecord, dataKey: Bytes): Promise<void> {
    this.#session = { id, dataKey: await importKey(dataKey), lastUsedMs: this.context.nowMs() };
  }

  /** Returns the session of a record while it lasts, and begins its idle time anew. */
  #require(record: VaultRecord): Session {
    const session = this.#openSession(record);
    if (!session) return fail({ code: 'locked' });
    session.lastUsedMs = this.context.nowMs();
    return session;
  }

  #openSession({ id }: VaultRecord): Session | undefined {
    const session = this.#session;
    if (!session) return undefined;
    const isIdle = this.context.nowMs() - session.lastUsedMs >= IDLE_MINUTES * 60_000;
    const isSame = session.id.every((byte, index) => byte === id[index]);
    if (isIdle || !isSame) this.#session = undefined;
    return this.#session;
  }
}

/** Loads the code that decrypts packages, with its library. */
async function custodyCode() {
  return import('./custody.ts').catch(() => fail({ code: 'custody-missing' }));
}

/** Loads the code that signs, with its library. */
async function signingCode() {
  return import('./signing.ts').catch(() => fail({ code: 'signing-missing' }));
}

const commitmentBy = (module: Module) => (secret: Bytes) => module.call('commitment', secret);

/** Fails with what a refusal of the module means for the page. */
function failAsModule(error: unknown): never {
  if (!(error instanceof ModuleRefusal)) throw error;
  switch (error.reason) {
    case 'foreign-root':
      return fail({ code: 'foreign-root' });
    case 'malformed':
    case 'out-of-range':
    case 'mismatch':
      return fail({ code: 'not-understood' });
    default:
      return fail({ code: 'internal' });
  }
}

function refuseWeakPin(pin: string): void {
  const problem = pinProblem(pin);
  if (problem) fail({ code: 'pin-refused', problem });
}

/** Draws different positions from 1 to `last`, in order. */
function drawPositions(count: number, last: number): number[] {
  const left = Array.from({ length: last }, (_, index) => index + 1);
  const drawn = Array.from({ length: count }, () => {
    // 2^32 and 24 differ enough that the remainder favours no word that matters here.
    const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    return left.splice(random % left.length, 1)[0] ?? 1;
  });
  return drawn.sort((a, b) => a - b);
}
