/**
 * Copy of an identity to a second device, from screen to camera, in four codes: the new device
 * commits to its key, the old one shows its own, the new one opens the commitment, and, once the
 * person has found the same digits on both screens, the old one shows the secret under a key of
 * both (IDENT-11, IDENT-12; the bytes are in docs/spec/identity.md).
 */

import { fromBase32, toBase32 } from '../bytes/base32.ts';
import { areEqual, concat, randomBytes, type Bytes } from '../bytes/bytes.ts';
import { fail } from './failure.ts';
import { COPY_CODE_START, type CopyProblem } from './protocol.ts';
import { SECRET_BYTES } from './record.ts';
import { contextOf, deriveKey, NONCE_BYTES, open, seal } from './sealing.ts';

/** Name and version of the copy; part of everything that is hashed, derived or encrypted. */
const FORMAT = 'annona-copy-1';
const VERSION = 1;
const PREFIX = new RegExp(`^${COPY_CODE_START}([0-9]{1,4}):(.*)$`, 's');
const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const;
/** Bytes of a point that is given as 4, x, y (SEC 1). */
const KEY_BYTES = 65;
const HASH_BYTES = 32;
const OPENING_BYTES = 32;
const TAG_BYTES = 16;
/** Digits that the person compares. */
const DIGITS = 6;

/** Codes in their order, and the bytes that each has behind its step. */
const STEPS = {
  commitment: { number: 1, bytes: HASH_BYTES },
  key: { number: 2, bytes: KEY_BYTES },
  opening: { number: 3, bytes: KEY_BYTES + OPENING_BYTES },
  secret: { number: 4, bytes: NONCE_BYTES + SECRET_BYTES + TAG_BYTES },
} as const;

const refuse = (problem: CopyProblem) => fail({ code: 'copy-refused', problem });

function write(step: keyof typeof STEPS, body: Bytes): string {
  const bytes = concat(new Uint8Array([STEPS[step].number]), body);
  return `${COPY_CODE_START}${VERSION}:${toBase32(bytes)}`;
}

function read(step: keyof typeof STEPS, text: string): Bytes {
  const [, version, encoded] = PREFIX.exec(text.trim()) ?? [];
  if (encoded === undefined) return refuse('not-a-copy');
  if (Number(version) !== VERSION) return refuse('other-version');
  const bytes = fromBase32(encoded);
  if (!bytes || bytes.length === 0) return refuse('damaged');
  if (bytes[0] !== STEPS[step].number) return refuse('other-step');
  return bytes.length === 1 + STEPS[step].bytes ? bytes.slice(1) : refuse('damaged');
}

async function sha256(...parts: readonly (string | Bytes)[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', contextOf(FORMAT, ...parts)));
}

/** Key pair of one copy. Its private half cannot be read out. */
interface CopyKeys {
  privateKey: CryptoKey;
  publicBytes: Bytes;
}

async function drawKeys(): Promise<CopyKeys> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, false, ['deriveBits']);
  const publicBytes = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
  return { privateKey, publicBytes };
}

async function importPoint(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, CURVE, false, []).catch(() => refuse('damaged'));
}

/** All that both devices know before the secret is encrypted. */
interface Transcript {
  commitment: Bytes;
  senderKey: Bytes;
  receiverKey: Bytes;
  opening: Bytes;
}

const commitmentTo = (receiverKey: Bytes, opening: Bytes) =>
  sha256('commitment', receiverKey, opening);

/** Key of the secret and its context, and the digits that the person compares. */
interface Agreement {
  key: CryptoKey;
  context: Bytes;
  digits: string;
}

async function agree(own: CopyKeys, other: Bytes, transcript: Transcript): Promise<Agreement> {
  const { commitment, senderKey, receiverKey, opening } = transcript;
  const hash = await sha256('transcript', commitment, senderKey, receiverKey, opening);
  const exchange = { name: 'ECDH', public: await importPoint(other) };
  const shared = new Uint8Array(await crypto.subtle.deriveBits(exchange, own.privateKey, 256));
  const key = await deriveKey(shared, hash, contextOf(FORMAT, 'key'));
  shared.fill(0);
  const number = new DataView((await sha256('digits', hash)).buffer).getBigUint64(0);
  return {
    key,
    context: contextOf(FORMAT, 'secret', hash),
    digits: String(number % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0'),
  };
}

/** The new device, which receives the secret. */
export class CopyReceiver {
  #agreement: Agreement | undefined;
  #sealed: Bytes | undefined;

  private constructor(
    private readonly keys: CopyKeys,
    private readonly opening: Bytes,
    private readonly commitment: Bytes,
  ) {}

  /** Begins a copy with a key of its own. */
  static async begin(): Promise<CopyReceiver> {
    const keys = await drawKeys();
    const opening = randomBytes(OPENING_BYTES);
    return new CopyReceiver(keys, opening, await commitmentTo(keys.publicBytes, opening));
  }

  /** Returns the first code, which binds this device to its key and does not show it. */
  commitmentCode(): string {
    return write('commitment', this.commitment);
  }

  /**
   * Takes the key of the old device, and no second one: somebody who has seen the opening could
   * try keys until the digits fit (IDENT-12).
   */
  async answer(keyCode: string): Promise<{ code: string; digits: string }> {
    if (this.#agreement) return refuse('other-step');
    const senderKey = read('key', keyCode);
    const { commitment, opening } = this;
    const receiverKey = this.keys.publicBytes;
    const transcript = { commitment, senderKey, receiverKey, opening };
    const agreement = await agree(this.keys, senderKey, transcript);
    // Another call may have come here while this one computed.
    if (this.#agreement) return refuse('other-step');
    this.#agreement = agreement;
    return { code: write('opening', concat(receiverKey, opening)), digits: agreement.digits };
  }

  /** Takes the encrypted secret, and makes sure that it can be opened. */
  async receive(secretCode: string): Promise<void> {
    const sealed = read('secret', secretCode);
    (await this.#open(sealed)).fill(0);
    this.#sealed = sealed;
  }

  /** Opens the secret that was received. The caller overwrites it with zeros after use. */
  async secret(): Promise<Bytes> {
    return this.#sealed ? this.#open(this.#sealed) : refuse('other-step');
  }

  async #open(sealed: Bytes): Promise<Bytes> {
    const agreement = this.#agreement;
    if (!agreement) return refuse('other-step');
    return (await open(agreement.key, sealed, agreement.context)) ?? refuse('mismatch');
  }
}

/** The old device, which gives the secret. */
export class CopySender {
  #agreement: Agreement | undefined;

  private constructor(
    private readonly keys: CopyKeys,
    private readonly commitment: Bytes,
  ) {}

  /** Begins a copy to the device that has committed itself to a key. */
  static async begin(commitmentCode: string): Promise<CopySender> {
    const commitment = read('commitment', commitmentCode);
    return new CopySender(await drawKeys(), commitment);
  }

  /** Returns the second code: the key of this device. */
  keyCode(): string {
    return write('key', this.keys.publicBytes);
  }

  /** Takes the key that the new device has committed itself to, and no other (IDENT-11). */
  async compare(openingCode: string): Promise<{ digits: string }> {
    const body = read('opening', openingCode);
    const [receiverKey, opening] = [body.slice(0, KEY_BYTES), body.slice(KEY_BYTES)];
    const { commitment } = this;
    if (!areEqual(await commitmentTo(receiverKey, opening), commitment)) return refuse('mismatch');
    const transcript = {
      commitment,
      senderKey: this.keys.publicBytes,
      receiverKey,
      opening,
    };
    this.#agreement = await agree(this.keys, receiverKey, transcript);
    return { digits: this.#agreement.digits };
  }

  /** Encrypts the secret for the new device, after the digits were shown. */
  async seal(secret: Bytes): Promise<string> {
    const agreement = this.#agreement;
    if (!agreement) return refuse('other-step');
    return write('secret', await seal(agreement.key, secret, agreement.context));
  }
}
