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
import type { Bytes } from '../bytes/bytes.ts';
import { fail } from './failure.ts';
import {
  CARD_QUESTIONS,
  CARD_WORDS,
  pinProblem,
  type NewPasskey,
  type Proof,
  type WalletStatus,
  type WalletStep,
  type WordsProblem,
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

  /** Says whether words make a secret; changes nothing. */
  checkWords({ words }: { words: string }): { problem?: WordsProblem } {
    const read = secretOfWords(words);
    if ('problem' in read) return { problem: read.problem };
    read.secret.fill(0);
    return {};
  }

  /**
   * Keeps the secret of a card under a PIN. Never touches an identity that is there, unless
   * nothing on this device can open it any more; then its record is put aside.
   */
  async restore(
    { words, pin }: { words: string; pin: string },
    onStep: OnStep,
  ): Promise<WalletStatus> {
    refuseWeakPin(pin);
    const read = secretOfWords(words);
    if ('problem' in read) return fail({ code: 'words-refused', problem: read.problem });
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

  /** Forgets the open vault. */
  async lock(): Promise<WalletStatus> {
    this.#session = undefined;
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

  /** Hands out the words of the recovery card, to somebody who has just proved to be there. */
  async recoveryWords({ proof }: { proof: Proof }): Promise<{ words: string[] }> {
    return this.context.runAlone(async () =>
      this.#open(proof, async (dataKey, { record }) => {
        const secret = await openSecret(record, await importKey(dataKey));
        const words = wordsOfSecret(secret);
        secret.fill(0);
        await this.#begin(record, dataKey);
        return { words };
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
