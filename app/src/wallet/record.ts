import type { Bytes } from '../bytes/bytes.ts';
import { KEY_BYTES, NONCE_BYTES } from './sealing.ts';
import { isReasonable, type Argon2Cost } from './stretching.ts';

/** Name and version of the record's form; part of every context that is authenticated. */
export const FORMAT = 'annona-vault-1';
/** Bytes that AES-GCM adds to a text. */
const TAG_BYTES = 16;
/** Bytes of the secret (docs/spec/identity.md). */
export const SECRET_BYTES = 32;
export const SALT_BYTES = 32;
export const ID_BYTES = 16;

const SEALED_KEY_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/** Data key, wrapped by the PIN inside of the device's key. */
export interface PinWrapping {
  cost: Argon2Cost;
  salt: Bytes;
  wrapped: Bytes;
}

/** Data key, wrapped by the answer of a passkey. */
export interface PasskeyWrapping {
  credentialId: Bytes;
  /** Input of the passkey's pseudo-random function (WebAuthn, `prf`). */
  prfInput: Bytes;
  salt: Bytes;
  wrapped: Bytes;
}

/** Vault as it is stored. Nothing in it can be read without a PIN or a passkey. */
export interface VaultRecord {
  format: typeof FORMAT;
  /** Names the vault; binds its parts to each other. */
  id: Bytes;
  /** The secret under the data key. */
  sealedSecret: Bytes;
  pin: PinWrapping;
  passkey?: PasskeyWrapping;
  isCardChecked: boolean;
}

/** Outcome of reading what was stored. */
export type ReadRecord =
  | { kind: 'record'; record: VaultRecord }
  | { kind: 'unreadable'; reason: 'other-version' | 'damaged' };

const isBytes = (value: unknown, length?: number): value is Bytes =>
  value instanceof Uint8Array && (length === undefined || value.length === length);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function isPinWrapping(value: unknown): value is PinWrapping {
  return (
    isObject(value) &&
    isObject(value['cost']) &&
    isReasonable(value['cost'] as unknown as Argon2Cost) &&
    isBytes(value['salt'], SALT_BYTES) &&
    isBytes(value['wrapped'], SEALED_KEY_BYTES + NONCE_BYTES + TAG_BYTES)
  );
}

function isPasskeyWrapping(value: unknown): value is PasskeyWrapping {
  return (
    isObject(value) &&
    isBytes(value['credentialId']) &&
    value['credentialId'].length > 0 &&
    isBytes(value['prfInput'], SALT_BYTES) &&
    isBytes(value['salt'], SALT_BYTES) &&
    isBytes(value['wrapped'], SEALED_KEY_BYTES)
  );
}

/** Reads a stored value into a record whose form cannot be wrong. */
export function readRecord(stored: unknown): ReadRecord {
  const damaged = { kind: 'unreadable', reason: 'damaged' } as const;
  if (!isObject(stored) || typeof stored['format'] !== 'string') return damaged;
  if (stored['format'] !== FORMAT) {
    const isOurs = /^annona-vault-[0-9]+$/.test(stored['format']);
    return isOurs ? { kind: 'unreadable', reason: 'other-version' } : damaged;
  }
  const isWhole =
    isBytes(stored['id'], ID_BYTES) &&
    isBytes(stored['sealedSecret'], NONCE_BYTES + SECRET_BYTES + TAG_BYTES) &&
    isPinWrapping(stored['pin']) &&
    (stored['passkey'] === undefined || isPasskeyWrapping(stored['passkey'])) &&
    typeof stored['isCardChecked'] === 'boolean';
  return isWhole ? { kind: 'record', record: stored as unknown as VaultRecord } : damaged;
}
