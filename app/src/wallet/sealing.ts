import { concat, randomBytes, utf8, type Bytes } from '../bytes/bytes.ts';

/** Bytes of an AES-GCM nonce (NIST SP 800-38D); each is drawn anew. */
export const NONCE_BYTES = 12;
/** Bytes of the key of AES-256. */
export const KEY_BYTES = 32;

/** Imports a key of AES-256-GCM that cannot be read out again. */
export async function importKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** Makes a key of AES-256-GCM that nobody can read out, this code included. */
export async function generateDeviceKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 8 * KEY_BYTES }, false, [
    'encrypt',
    'decrypt',
  ]);
}

/** Derives a key of AES-256-GCM with HKDF-SHA-256 (RFC 5869). */
export async function deriveKey(input: Bytes, salt: Bytes, info: Bytes): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', input, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt, info },
    material,
    { name: 'AES-GCM', length: 8 * KEY_BYTES },
    false,
    ['encrypt', 'decrypt'],
  );
}

/** Encrypts and authenticates a text together with its context. Returns nonce and ciphertext. */
export async function seal(key: CryptoKey, text: Bytes, context: Bytes): Promise<Bytes> {
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: nonce, additionalData: context },
    key,
    text,
  );
  return concat(nonce, new Uint8Array(sealed));
}

/** Opens what `seal` made, or returns nothing if key, text or context is another. */
export async function open(
  key: CryptoKey,
  sealed: Bytes,
  context: Bytes,
): Promise<Bytes | undefined> {
  const iv = sealed.slice(0, NONCE_BYTES);
  try {
    const text = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv, additionalData: context },
      key,
      sealed.slice(NONCE_BYTES),
    );
    return new Uint8Array(text);
  } catch {
    return undefined;
  }
}

/** Joins the parts of a context so that no two lists of parts give the same bytes. */
export function contextOf(...parts: readonly (string | Uint8Array)[]): Bytes {
  return concat(
    ...parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? utf8(part) : part;
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      return [length, bytes];
    }),
  );
}
