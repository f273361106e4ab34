/**
 * Envelope encryption of the secret. A random data key encrypts the secret; the data key is
 * wrapped once by the PIN and the device together, and once by a passkey where there is one.
 *
 * The wrapping by the PIN has two layers. The inner key comes from the PIN (Argon2id); the outer
 * one is a key of this device that cannot be read out. So a copy of the record without the
 * device's key cannot be searched for its PIN, and damage, which the outer layer shows, is never
 * taken for a wrong PIN.
 */

import { randomBytes, type Bytes } from '../bytes/bytes.ts';
import { fail } from './failure.ts';
import type { NewPasskey } from './protocol.ts';
import {
  FORMAT,
  ID_BYTES,
  SALT_BYTES,
  SECRET_BYTES,
  type PasskeyWrapping,
  type PinWrapping,
  type VaultRecord,
} from './record.ts';
import { contextOf, deriveKey, importKey, KEY_BYTES, open, seal } from './sealing.ts';
import { stretchPin, type Argon2Cost } from './stretching.ts';

/** Draws a new secret. */
export function drawSecret(): Bytes {
  return randomBytes(SECRET_BYTES);
}

const secretContext = (id: Bytes) => contextOf(FORMAT, 'secret', id);

const deviceContext = (id: Bytes, { cost, salt }: Omit<PinWrapping, 'wrapped'>) =>
  contextOf(
    FORMAT,
    'pin',
    id,
    `${cost.memoryKib},${cost.iterations},${cost.parallelism}`,
    salt,
  );

const passkeyContext = (id: Bytes, { credentialId, prfInput }: PasskeyIdentity) =>
  contextOf(FORMAT, 'passkey', id, credentialId, prfInput);

type PasskeyIdentity = Pick<PasskeyWrapping, 'credentialId' | 'prfInput'>;

/** Seals a secret under a new data key, which the PIN and the device's key wrap. */
export async function makeVault(
  secret: Bytes,
  pin: string,
  deviceKey: CryptoKey,
  cost: Argon2Cost,
): Promise<VaultRecord> {
  const id = randomBytes(ID_BYTES);
  const dataKey = randomBytes(KEY_BYTES);
  try {
    return {
      format: FORMAT,
      id,
      sealedSecret: await seal(await importKey(dataKey), secret, secretContext(id)),
      pin: await wrapByPin(id, dataKey, pin, deviceKey, cost),
      isCardChecked: false,
    };
  } finally {
    dataKey.fill(0);
  }
}

/** Wraps a data key by a PIN and the device's key. */
export async function wrapByPin(
  id: Bytes,
  dataKey: Bytes,
  pin: string,
  deviceKey: CryptoKey,
  cost: Argon2Cost,
): Promise<PinWrapping> {
  const salt = randomBytes(SALT_BYTES);
  const context = deviceContext(id, { cost, salt });
  const stretched = await stretchPin(pin, salt, cost);
  const inner = await seal(await importKey(stretched), dataKey, context);
  stretched.fill(0);
  return { cost, salt, wrapped: await seal(deviceKey, inner, context) };
}

/** Opens the data key by the PIN. Returns nothing if the PIN, and only the PIN, is wrong. */
export async function unwrapByPin(
  { id, pin: wrapping }: VaultRecord,
  pin: string,
  deviceKey: CryptoKey,
): Promise<Bytes | undefined> {
  const context = deviceContext(id, wrapping);
  const inner = await open(deviceKey, wrapping.wrapped, context);
  if (!inner) return fail({ code: 'damaged' });
  const stretched = await stretchPin(pin, wrapping.salt, wrapping.cost);
  const dataKey = await open(await importKey(stretched), inner, context);
  stretched.fill(0);
  return dataKey;
}

/** Wraps a data key by the answer of a passkey. */
export async function wrapByPasskey(
  id: Bytes,
  dataKey: Bytes,
  { credentialId, prfInput, prfOutput }: NewPasskey,
): Promise<PasskeyWrapping> {
  const salt = randomBytes(SALT_BYTES);
  const context = passkeyContext(id, { credentialId, prfInput });
  const key = await deriveKey(prfOutput, salt, context);
  return { credentialId, prfInput, salt, wrapped: await seal(key, dataKey, context) };
}

/** Opens the data key by the answer of the vault's passkey. */
export async function unwrapByPasskey(
  { id, passkey }: VaultRecord,
  prfOutput: Bytes,
): Promise<Bytes> {
  if (!passkey) return fail({ code: 'no-passkey' });
  const context = passkeyContext(id, passkey);
  const key = await deriveKey(prfOutput, passkey.salt, context);
  return (await open(key, passkey.wrapped, context)) ?? fail({ code: 'passkey-refused' });
}

/** Opens the secret by the data key. The caller overwrites it with zeros after use. */
export async function openSecret(record: VaultRecord, dataKey: CryptoKey): Promise<Bytes> {
  const secret = await open(dataKey, record.sealedSecret, secretContext(record.id));
  return secret ?? fail({ code: 'damaged' });
}
