import { beforeEach, describe, expect, it } from 'vitest';

import { fromBase32 } from '../bytes/base32.ts';
import { randomBytes, toHex } from '../bytes/bytes.ts';
import { WalletClient, WalletRefusal } from './client.ts';
import { WalletError } from './failure.ts';
import { pinProblem, type FromWorker, type Proof, type ToWorker } from './protocol.ts';
import { readRecord, type VaultRecord } from './record.ts';
import { serve } from './serve.ts';
import { isReasonable } from './stretching.ts';
import { CHEAP, Device } from './testing/surroundings.ts';
import { makeVault, unwrapByPin } from './vault.ts';
import { Wallet } from './wallet.ts';
import { wordsOfSecret } from './words.ts';

const PIN = '271828';
const OTHER_PIN = '314159';
const byPin = (pin = PIN): Proof => ({ kind: 'pin', pin });
const quiet = () => undefined;

/** Passkey with a pseudo-random function of its own. */
const passkey = () => ({
  credentialId: randomBytes(20),
  prfInput: randomBytes(32),
  prfOutput: randomBytes(32),
});
const byPasskey = (prfOutput: Uint8Array<ArrayBuffer>): Proof => ({
  kind: 'passkey',
  prfOutput: prfOutput.slice(),
});

/** Bytes of the code in an answer, as hexadecimal digits. */
function bytesOfCode(answer: object): string {
  const { code = '' } = answer as { code?: string };
  return toHex(fromBase32(code.split(':')[1] ?? '') ?? new Uint8Array());
}

/** The secret in the code of a card, behind version and commitment, as hexadecimal digits. */
const secretOfCode = (code = '') => bytesOfCode({ code }).slice(2 * 33, 2 * 65);

/** Returns the failure of a call. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no failure',
    (error: unknown) => (error instanceof WalletError ? error.failure : error),
  );
}

let device: Device;
let wallet: Wallet;

beforeEach(async () => {
  device = new Device();
  wallet = await device.tab();
});

const words = async (proof: Proof = byPin()) => (await wallet.recoveryCard({ proof })).words;

/** Changes what is stored, as damage or another program would. */
async function change(edit: (record: VaultRecord) => unknown): Promise<void> {
  const storage = await device.storage();
  await storage.updateRecord(edit((await storage.record()) as VaultRecord));
}

async function loseDeviceKey(): Promise<void> {
  const opened = indexedDB.open('annona-wallet');
  await new Promise((resolve) => (opened.onsuccess = resolve));
  const deletion = opened.result.transaction('keys', 'readwrite').objectStore('keys').clear();
  await new Promise((resolve) => (deletion.onsuccess = resolve));
  opened.result.close();
}

describe('an identity', () => {
  it('is made, locked, opened again, and is the same', async () => {
    expect(await wallet.status()).toEqual({ kind: 'absent' });
    const steps: string[] = [];
    const made = await wallet.create({ pin: PIN }, (step, done, total) =>
      steps.push(`${step} ${done}/${total}`),
    );
    expect(made).toMatchObject({ kind: 'unlocked', canUsePin: true, isCardChecked: false });
    expect(steps).toEqual(['drawing 0/3', 'protecting 1/3', 'storing 2/3', 'storing 3/3']);
    const before = await words();
    expect(await wallet.lock()).toMatchObject({ kind: 'locked' });
    expect(await wallet.unlock({ proof: byPin() })).toMatchObject({ kind: 'unlocked' });
    expect(await words()).toEqual(before);
    const laterTab = await device.tab();
    expect(await laterTab.status()).toMatchObject({ kind: 'locked' });
    expect((await laterTab.recoveryCard({ proof: byPin() })).words).toEqual(before);
  });

  it('is another one each time', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const one = await words();
    device = new Device();
    wallet = await device.tab();
    await wallet.create({ pin: PIN }, quiet);
    expect(await words()).not.toEqual(one);
  });

  it('is never made over another one', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const before = await words();
    expect(await failureOf(wallet.create({ pin: OTHER_PIN }, quiet))).toEqual({ code: 'exists' });
    const card = wordsOfSecret(randomBytes(32)).join(' ');
    const restored = wallet.restore({ card, pin: OTHER_PIN }, quiet);
    expect(await failureOf(restored)).toEqual({ code: 'exists' });
    expect(await words()).toEqual(before);
  });

  it('is made once by two tabs at the same moment', async () => {
    const other = await device.tab();
    const outcomes = await Promise.allSettled([
      wallet.create({ pin: PIN }, quiet),
      other.create({ pin: PIN }, quiet),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await wallet.recoveryCard({ proof: byPin() })).toEqual(
      await other.recoveryCard({ proof: byPin() }),
    );
  });

  it('is not stored over another one even where tabs know nothing of each other', async () => {
    const storage = await device.storage();
    await wallet.create({ pin: PIN }, quiet);
    const before = await words();
    const key = (await storage.deviceKey())!;
    await expect(storage.addRecord({}, key)).rejects.toMatchObject({ name: 'ConstraintError' });
    expect(await words()).toEqual(before);
  });

  it('locks itself when nothing is asked for five minutes', async () => {
    await wallet.create({ pin: PIN }, quiet);
    device.passSecs(299);
    expect(await wallet.status()).toMatchObject({ kind: 'unlocked' });
    device.passSecs(1);
    expect(await wallet.status()).toMatchObject({ kind: 'locked' });
    expect(await failureOf(wallet.askCard())).toEqual({ code: 'locked' });
  });

  it('leaves nothing readable in the storage', async () => {
    const secret = randomBytes(32);
    const card = wordsOfSecret(secret);
    await wallet.restore({ card: card.join(' '), pin: PIN }, quiet);
    await wallet.addPasskey({ proof: byPin(), passkey: passkey() });
    const storage = await device.storage();
    const stored = (await storage.record()) as VaultRecord;
    const bytes = [
      stored.id,
      stored.sealedSecret,
      ...Object.values(stored.pin),
      ...Object.values(stored.passkey!),
    ].filter((value) => value instanceof Uint8Array);
    for (const part of bytes) expect(toHex(part)).not.toContain(toHex(secret).slice(0, 16));
    expect(JSON.stringify(stored)).not.toContain(PIN);
    const key = (await storage.deviceKey())!;
    expect(key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
  });
});

describe('a PIN', () => {
  it('has six to twelve digits and is none of the simplest', () => {
    expect(['271828', '112233', '123457', '271828182845'].map(pinProblem)).toEqual(
      Array.from({ length: 4 }),
    );
    expect(pinProblem('12345')).toBe('too-short');
    expect(pinProblem('2718281828459')).toBe('too-long');
    expect(pinProblem('27182a')).toBe('not-digits');
    expect(['000000', '123456', '987654'].map(pinProblem)).toEqual(Array(3).fill('too-simple'));
  });

  it('is refused by the worker too', async () => {
    const refused = { code: 'pin-refused', problem: 'too-simple' };
    expect(await failureOf(wallet.create({ pin: '000000' }, quiet))).toEqual(refused);
    expect(await wallet.status()).toEqual({ kind: 'absent' });
  });

  it('is counted when it is wrong, with growing waits, and destroys nothing', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const before = await words();
    await wallet.lock();
    const waits: number[] = [];
    for (let failed = 1; failed <= 10; failed += 1) {
      const failure = await failureOf(wallet.unlock({ proof: byPin(OTHER_PIN) }));
      expect(failure).toMatchObject({ code: 'wrong-pin', failed });
      const { waitSecs } = failure as { waitSecs: number };
      waits.push(waitSecs);
      if (waitSecs > 0) {
        const early = await failureOf(wallet.unlock({ proof: byPin() }));
        expect(early).toEqual({ code: 'must-wait', waitSecs });
        expect(await wallet.status()).toMatchObject({ kind: 'locked', waitSecs });
      }
      device.passSecs(waitSecs);
    }
    expect(waits).toEqual([0, 0, 0, 30, 60, 300, 900, 3_600, 3_600, 3_600]);
    expect(await wallet.unlock({ proof: byPin() })).toMatchObject({ kind: 'unlocked', waitSecs: 0 });
    expect(await words()).toEqual(before);
    const again = await failureOf(wallet.unlock({ proof: byPin(OTHER_PIN) }));
    expect(again).toMatchObject({ failed: 1 });
  });

  it('is counted in every tab, and by every call that takes one', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const other = await device.tab();
    const wrong = { proof: byPin(OTHER_PIN) };
    await failureOf(other.unlock(wrong));
    await failureOf(wallet.recoveryCard(wrong));
    await failureOf(wallet.setPin({ ...wrong, pin: OTHER_PIN }));
    expect(await failureOf(other.removePasskey(wrong))).toMatchObject({ failed: 4, waitSecs: 30 });
  });

  it('is counted before it is looked at', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const storage = await device.storage();
    const unlocking = failureOf(wallet.unlock({ proof: byPin(OTHER_PIN) }));
    while ((await storage.attempts()) === undefined) await Promise.resolve();
    expect(await storage.attempts()).toMatchObject({ failed: 1 });
    await unlocking;
  });

  it('waits an hour at most when the clock is set back', async () => {
    await wallet.create({ pin: PIN }, quiet);
    for (let failed = 1; failed <= 4; failed += 1) {
      await failureOf(wallet.unlock({ proof: byPin(OTHER_PIN) }));
    }
    device.passSecs(-30 * 86_400);
    expect(await failureOf(wallet.unlock({ proof: byPin() }))).toMatchObject({ waitSecs: 3_600 });
    device.passSecs(3_600);
    expect(await wallet.unlock({ proof: byPin() })).toMatchObject({ kind: 'unlocked' });
  });

  it('is changed by somebody who knows the old one', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const before = await words();
    await wallet.setPin({ proof: byPin(), pin: OTHER_PIN });
    expect(await failureOf(wallet.unlock({ proof: byPin() }))).toMatchObject({ code: 'wrong-pin' });
    expect(await words(byPin(OTHER_PIN))).toEqual(before);
  });

  it('costs what the record says, within limits', () => {
    expect(isReasonable(CHEAP)).toBe(true);
    expect(isReasonable({ ...CHEAP, memoryKib: 64 })).toBe(false);
    expect(isReasonable({ ...CHEAP, memoryKib: 4_194_304 })).toBe(false);
    expect(isReasonable({ ...CHEAP, iterations: 0 })).toBe(false);
    expect(isReasonable({ ...CHEAP, iterations: Number.NaN })).toBe(false);
  });
});

describe('a passkey', () => {
  it('opens the vault beside the PIN', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const before = await words();
    const key = passkey();
    const { prfOutput } = { prfOutput: key.prfOutput.slice() };
    const status = await wallet.addPasskey({ proof: byPin(), passkey: key });
    expect(status).toMatchObject({
      passkey: { credentialId: key.credentialId, prfInput: key.prfInput },
    });
    expect(key.prfOutput).toEqual(new Uint8Array(32));
    await wallet.lock();
    expect(await wallet.unlock({ proof: byPasskey(prfOutput) })).toMatchObject({
      kind: 'unlocked',
    });
    expect(await words(byPasskey(prfOutput))).toEqual(before);
    expect(await words()).toEqual(before);
  });

  it('of somebody else opens nothing', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const strange = byPasskey(randomBytes(32));
    expect(await failureOf(wallet.unlock({ proof: strange }))).toEqual({ code: 'no-passkey' });
    await wallet.addPasskey({ proof: byPin(), passkey: passkey() });
    expect(await failureOf(wallet.unlock({ proof: byPasskey(randomBytes(32)) }))).toEqual({
      code: 'passkey-refused',
    });
  });

  it('is taken away again', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const key = passkey();
    const output = key.prfOutput.slice();
    await wallet.addPasskey({ proof: byPin(), passkey: key });
    expect(await wallet.removePasskey({ proof: byPin() })).not.toHaveProperty('passkey');
    expect(await failureOf(wallet.unlock({ proof: byPasskey(output) }))).toEqual({
      code: 'no-passkey',
    });
  });

  it('leads back when the device has lost its key, and stays while it is the only way', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const before = await words();
    const key = passkey();
    const output = key.prfOutput.slice();
    await wallet.addPasskey({ proof: byPin(), passkey: key });
    await loseDeviceKey();
    expect(await wallet.status()).toMatchObject({ canUsePin: false });
    expect(await failureOf(wallet.unlock({ proof: byPin() }))).toEqual({ code: 'device-key-lost' });
    expect(await failureOf(wallet.removePasskey({ proof: byPasskey(output) }))).toEqual({
      code: 'device-key-lost',
    });
    await wallet.setPin({ proof: byPasskey(output), pin: OTHER_PIN });
    expect(await wallet.status()).toMatchObject({ canUsePin: true });
    expect(await words(byPin(OTHER_PIN))).toEqual(before);
  });
});

describe('a copy', () => {
  // Tests IDENT-13: codes and answers hold the secret in no form that others can read.
  it('goes to a second device encrypted, and never over an identity', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const card = await wallet.recoveryCard({ proof: byPin() });
    const old = wallet;
    const fresh = await new Device().tab();
    const told: object[] = [];
    const tell = async <T extends object>(answer: Promise<T>): Promise<T> => {
      told.push(await answer);
      return answer;
    };
    const asked = await tell(fresh.askCopy());
    const key = await tell(old.offerCopy(asked));
    const answer = await tell(fresh.answerCopy(key));
    expect((await tell(old.compareCopy(answer))).digits).toBe(answer.digits);
    expect(await failureOf(old.sealCopy({ proof: byPin(OTHER_PIN) }))).toMatchObject({
      code: 'wrong-pin',
    });
    const sealed = await tell(old.sealCopy({ proof: byPin() }));
    expect(await failureOf(old.sealCopy({ proof: byPin() }))).toEqual({ code: 'not-asked' });
    await tell(fresh.receiveCopy(sealed));
    const kept = await tell(fresh.keepCopy({ pin: OTHER_PIN }, quiet));
    expect(kept).toMatchObject({ kind: 'unlocked', isCardChecked: false });
    expect(await fresh.recoveryCard({ proof: byPin(OTHER_PIN) })).toEqual(card);
    const secret = secretOfCode(card.code);
    for (const text of [JSON.stringify(told), ...told.map(bytesOfCode)]) {
      expect(text).not.toContain(secret);
    }
    expect(await failureOf(fresh.keepCopy({ pin: PIN }, quiet))).toEqual({ code: 'not-asked' });
    await fresh.askCopy();
    expect(await failureOf(fresh.keepCopy({ pin: PIN }, quiet))).toEqual({ code: 'exists' });
  });

  it('is not begun on a phone that is locked, and ends when it locks', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const asked = await (await new Device().tab()).askCopy();
    await wallet.offerCopy(asked);
    await wallet.lock();
    expect(await failureOf(wallet.offerCopy(asked))).toEqual({ code: 'locked' });
    expect(await failureOf(wallet.sealCopy({ proof: byPin() }))).toEqual({ code: 'not-asked' });
  });
});

describe('a recovery card', () => {
  it('brings the identity to another device', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const card = await words();
    device = new Device();
    wallet = await device.tab();
    const restored = await wallet.restore({ card: card.join(' '), pin: OTHER_PIN }, quiet);
    expect(restored).toMatchObject({ kind: 'unlocked', isCardChecked: true });
    expect(await words(byPin(OTHER_PIN))).toEqual(card);
  });

  it('brings the identity to another device by its code', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const card = await wallet.recoveryCard({ proof: byPin() });
    const code = card.code ?? '';
    device = new Device();
    wallet = await device.tab();
    expect(await wallet.checkCard({ card: code })).toEqual({});
    await wallet.restore({ card: `${code}\n`, pin: OTHER_PIN }, quiet);
    expect(await wallet.recoveryCard({ proof: byPin(OTHER_PIN) })).toEqual(card);
  });

  it('whose code is damaged restores nothing', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const { code = '' } = await wallet.recoveryCard({ proof: byPin() });
    const damaged = code.slice(0, -1) + (code.endsWith('A') ? 'B' : 'A');
    device = new Device();
    wallet = await device.tab();
    const problem = { kind: 'damaged' };
    expect(await wallet.checkCard({ card: damaged })).toEqual({ problem });
    const restoring = wallet.restore({ card: damaged, pin: PIN }, quiet);
    expect(await failureOf(restoring)).toEqual({ code: 'card-refused', problem });
    expect(await wallet.status()).toEqual({ kind: 'absent' });
  });

  it('has its words where the code cannot be made', async () => {
    const storage = await device.storage();
    const noModule = () => Promise.reject(new Error('no connection'));
    const offline = new Wallet({
      storage,
      runAlone: (work) => work(),
      nowMs: () => device.nowMs,
      cost: CHEAP,
      computing: { module: noModule, prover: noModule },
    });
    await offline.create({ pin: PIN }, quiet);
    const card = await offline.recoveryCard({ proof: byPin() });
    expect(card.words).toHaveLength(24);
    expect(card).not.toHaveProperty('code');
  });

  it('with a wrong word restores nothing', async () => {
    const card = wordsOfSecret(new Uint8Array(32)).with(3, 'zoo').join(' ');
    expect(await wallet.checkCard({ card })).toEqual({ problem: { kind: 'checksum' } });
    expect(await failureOf(wallet.restore({ card, pin: PIN }, quiet))).toEqual({
      code: 'card-refused',
      problem: { kind: 'checksum' },
    });
    expect(await wallet.status()).toEqual({ kind: 'absent' });
  });

  it('takes the place of an identity that nothing opens, and puts that aside', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const card = (await words()).join(' ');
    await loseDeviceKey();
    await wallet.restore({ card, pin: OTHER_PIN }, quiet);
    expect((await words(byPin(OTHER_PIN))).join(' ')).toBe(card);
    const opened = indexedDB.open('annona-wallet');
    await new Promise((resolve) => (opened.onsuccess = resolve));
    const all = opened.result.transaction('replaced').objectStore('replaced').getAll();
    await new Promise((resolve) => (all.onsuccess = resolve));
    expect(all.result).toHaveLength(1);
    expect(readRecord(all.result[0].record).kind).toBe('record');
  });

  it('is checked by three of its words', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const card = await words();
    expect(await failureOf(wallet.answerCard({ words: [] }))).toEqual({ code: 'not-asked' });
    const { positions } = await wallet.askCard();
    expect(new Set(positions).size).toBe(3);
    expect(await wallet.askCard()).toEqual({ positions });
    const right = positions.map((position) => card[position - 1]!);
    const second = right.with(1, right[1] === 'zoo' ? 'art' : 'zoo');
    expect(await wallet.answerCard({ words: second })).toEqual({ wrong: [positions[1]] });
    expect(await wallet.status()).toMatchObject({ isCardChecked: false });
    expect(await wallet.answerCard({ words: right.map((it) => ` ${it.toUpperCase()}`) })).toEqual({
      wrong: [],
    });
    expect(await wallet.status()).toMatchObject({ isCardChecked: true });
  });
});

describe('a record', () => {
  it('of which any byte is changed is damaged, and its PIN is not called wrong', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const whole = (await (await device.storage()).record()) as VaultRecord;
    const flip = (bytes: Uint8Array<ArrayBuffer>, place: number) =>
      bytes.map((byte, index) => (index === place ? byte ^ 1 : byte));
    const places = (bytes: Uint8Array) => [0, bytes.length >> 1, bytes.length - 1];
    const damaged: VaultRecord[] = [
      ...places(whole.id).map((at) => ({ ...whole, id: flip(whole.id, at) })),
      ...places(whole.sealedSecret).map((at) => ({
        ...whole,
        sealedSecret: flip(whole.sealedSecret, at),
      })),
      ...places(whole.pin.salt).map((at) => ({
        ...whole,
        pin: { ...whole.pin, salt: flip(whole.pin.salt, at) },
      })),
      ...places(whole.pin.wrapped).map((at) => ({
        ...whole,
        pin: { ...whole.pin, wrapped: flip(whole.pin.wrapped, at) },
      })),
      { ...whole, pin: { ...whole.pin, cost: { ...CHEAP, iterations: 2 } } },
    ];
    for (const record of damaged) {
      await change(() => record);
      await wallet.lock();
      expect(await failureOf(wallet.unlock({ proof: byPin() }))).toEqual({ code: 'damaged' });
      expect(await wallet.status()).toMatchObject({ kind: 'locked', waitSecs: 0 });
    }
    await change(() => whole);
    expect(await wallet.unlock({ proof: byPin() })).toMatchObject({ kind: 'unlocked' });
  });

  it('whose parts come from another vault is damaged', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const deviceKey = (await (await device.storage()).deviceKey())!;
    const other = await makeVault(randomBytes(32), PIN, deviceKey, CHEAP);
    expect(await unwrapByPin(other, PIN, deviceKey)).toBeDefined();
    await change((record) => ({ ...record, pin: other.pin }));
    expect(await failureOf(wallet.unlock({ proof: byPin() }))).toEqual({ code: 'damaged' });
    await change((record) => ({ ...record, pin: other.pin, id: other.id }));
    expect(await failureOf(wallet.unlock({ proof: byPin() }))).toEqual({ code: 'damaged' });
  });

  it('of another version is left alone', async () => {
    await wallet.create({ pin: PIN }, quiet);
    await change((record) => ({ ...record, format: 'annona-vault-2' }));
    const unreadable = { kind: 'unreadable', reason: 'other-version' };
    expect(await wallet.status()).toEqual(unreadable);
    expect(await failureOf(wallet.unlock({ proof: byPin() }))).toEqual({ code: 'other-version' });
    const card = wordsOfSecret(randomBytes(32)).join(' ');
    expect(await failureOf(wallet.restore({ card, pin: PIN }, quiet))).toEqual({
      code: 'exists',
    });
    expect(await failureOf(wallet.create({ pin: PIN }, quiet))).toEqual({ code: 'exists' });
    expect(await wallet.status()).toEqual(unreadable);
  });

  it('of another form is damaged', async () => {
    await wallet.create({ pin: PIN }, quiet);
    const whole = (await (await device.storage()).record()) as VaultRecord;
    expect(readRecord(whole).kind).toBe('record');
    for (const value of [
      null,
      'text',
      {},
      { ...whole, format: 'vault' },
      { ...whole, id: new Uint8Array(1) },
      { ...whole, sealedSecret: undefined },
      { ...whole, pin: { ...whole.pin, cost: { ...CHEAP, memoryKib: 1 } } },
      { ...whole, passkey: {} },
      { ...whole, isCardChecked: 'yes' },
    ]) {
      expect(readRecord(value)).toEqual({ kind: 'unreadable', reason: 'damaged' });
    }
  });
});

describe('the messages', () => {
  /** Client and worker, joined by the messages alone, which are copied as a browser copies them. */
  function join(): WalletClient & { seen: unknown[] } {
    const listeners: ((event: MessageEvent<FromWorker>) => void)[] = [];
    const seen: unknown[] = [];
    const client = new WalletClient({
      postMessage: (message) =>
        void serve(wallet, structuredClone(message) as ToWorker, (answer) => {
          seen.push(answer);
          for (const listener of listeners) {
            listener({ data: structuredClone(answer) } as MessageEvent<FromWorker>);
          }
        }),
      addEventListener: (type: string, listener: never) => {
        if (type === 'message') listeners.push(listener);
      },
    });
    return Object.assign(client, { seen });
  }

  it('carry each call, and the secret in no answer but the card', async () => {
    const secret = randomBytes(32);
    const card = wordsOfSecret(secret);
    const client = join();
    const steps: string[] = [];
    await client.call('restore', { card: card.join(' '), pin: PIN }, ({ step }) =>
      steps.push(step),
    );
    expect(steps).toHaveLength(4);
    const { positions } = await client.call('askCard', {});
    await client.call('answerCard', { words: positions.map((it) => card[it - 1]!) });
    await client.call('addPasskey', { proof: byPin(), passkey: passkey() });
    await client.call('setPin', { proof: byPin(), pin: OTHER_PIN });
    await client.call('removePasskey', { proof: byPin(OTHER_PIN) });
    await client.call('lock', {});
    await client.call('unlock', { proof: byPin(OTHER_PIN) });
    await client.call('status', {});
    const told = JSON.stringify(client.seen, (_, value) =>
      value instanceof Uint8Array ? toHex(value) : value,
    );
    expect(told).not.toContain(toHex(secret));
    // By neighbours: a single word of the list, such as "answer", may be the name of a field.
    for (const [index, word] of card.slice(1).entries()) {
      expect(told).not.toMatch(new RegExp(`${card[index]}\\W+${word}`));
    }
    const { words: shown } = await client.call('recoveryCard', { proof: byPin(OTHER_PIN) });
    expect(shown).toEqual(card);
  });

  it('carry a failure as its code and nothing of its cause', async () => {
    const client = join();
    const refusal = await client.call('unlock', { proof: byPin() }).catch((it: unknown) => it);
    expect(refusal).toBeInstanceOf(WalletRefusal);
    expect((refusal as WalletRefusal).failure).toEqual({ code: 'absent' });
    await client.call('create', { pin: PIN });
    await change(() => 'no record');
    const damaged = await client.call('unlock', { proof: byPin() }).catch((it: unknown) => it);
    expect((damaged as WalletRefusal).failure).toEqual({ code: 'damaged' });
  });

  it('refuse every call when the worker has ended', async () => {
    let end: () => void = () => undefined;
    const client = new WalletClient({
      postMessage: () => undefined,
      addEventListener: (type: string, listener: never) => {
        if (type === 'error') end = listener;
      },
    });
    const waiting = client.call('status', {}).catch((it: unknown) => it);
    end();
    expect(((await waiting) as WalletRefusal).failure).toEqual({ code: 'internal' });
    await expect(client.call('status', {})).rejects.toBeInstanceOf(WalletRefusal);
  });
});
