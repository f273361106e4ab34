/**
 * Codes that a person shows to an orb. A code renews itself, so that a photograph of it is soon
 * worth nothing, and each is signed by a key of the visit, so that an orb knows that all of them
 * come from one device. What the orb saw comes home encrypted for the same key.
 *
 * `ANNONA-VISIT-1:` and, in base 32, big-endian: version (1 byte, 1), kind (1: 0 new, 1 recovery),
 * chain id (8), orb registry (20), commitment (32), nonce (32), time of issue in Unix seconds (8),
 * public key of the visit (33, P-256 compressed, SEC 1), and its ECDSA signature with SHA-256 over
 * the domain and all bytes before it (64: r, s). The nonce is that of the orb's statement
 * (docs/spec/enrolment.md): drawn here, and used once.
 */

import { toBase32 } from '../bytes/base32.ts';
import { concat, fromHex, utf8, type Bytes } from '../bytes/bytes.ts';
import { addressBytes } from './claims.ts';
import { uint64 } from './module.ts';
import type { PackageRequest, VisitKind } from './protocol.ts';

/** Seconds for which an orb takes a code after its issue. */
export const VALID_SECS = 90;

const PREFIX = 'ANNONA-VISIT-1:';
const VERSION = 1;
const SIGNING_DOMAIN = utf8('annona visit\0');
const REQUEST_DOMAIN = utf8('annona custody\0');
const CURVE = 'P-256';
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const COORDINATE_BYTES = 32;

/** Statement of a visit, the same in each of its codes. */
export interface Visit {
  kind: VisitKind;
  chainId: number;
  /** Address of the orb registry, 0x and 40 digits. */
  orbRegistry: string;
  /** Commitment of the identity, 0x and 64 digits. */
  commitment: string;
}

/** Key of a visit: it signs codes and requests, and decrypts. Its private half cannot be read out. */
export interface VisitKey {
  signing: CryptoKey;
  opening: CryptoKey;
  /** Public half: 4, x, y (SEC 1). */
  publicKey: Bytes;
}

/**
 * Draws the key of a visit. WebCrypto gives a key one use: the same number is imported as a key
 * that signs and as one that decrypts, and its bytes are overwritten.
 */
export async function drawVisitKey(): Promise<VisitKey> {
  const signs = { name: 'ECDSA', namedCurve: CURVE } as const;
  const decrypts = { name: 'ECDH', namedCurve: CURVE } as const;
  const drawn = await crypto.subtle.generateKey(signs, true, ['sign', 'verify']);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', drawn.publicKey));
  const secret = new Uint8Array(await crypto.subtle.exportKey('pkcs8', drawn.privateKey));
  try {
    return {
      signing: await crypto.subtle.importKey('pkcs8', secret, signs, false, ['sign']),
      opening: await crypto.subtle.importKey('pkcs8', secret, decrypts, false, ['deriveBits']),
      publicKey,
    };
  } finally {
    secret.fill(0);
  }
}

/** Writes the code to show at a time, Unix seconds, with a nonce that no code had before. */
export async function visitText(
  { kind, chainId, orbRegistry, commitment }: Visit,
  key: VisitKey,
  nonce: Bytes,
  now: number,
): Promise<string> {
  const body = concat(
    new Uint8Array([VERSION, kind === 'new' ? 0 : 1]),
    uint64(chainId),
    addressBytes(orbRegistry),
    fromHex(commitment),
    nonce,
    uint64(now),
    compressed(key.publicKey),
  );
  return PREFIX + toBase32(concat(body, await sign(key, concat(SIGNING_DOMAIN, body))));
}

/** Signs a request about the package of a visit (ENROL-22): r, s. */
export async function signRequest(
  { chainId, orbRegistry }: Visit,
  key: VisitKey,
  nonce: Bytes,
  request: PackageRequest,
): Promise<Bytes> {
  const number = new Uint8Array([request === 'collect' ? 0 : 1]);
  const place = [uint64(chainId), addressBytes(orbRegistry), nonce];
  return sign(key, concat(REQUEST_DOMAIN, number, ...place));
}

async function sign({ signing }: VisitKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(SIGNATURE, signing, message));
}

/** Returns the compressed form of a point that is given as 4, x, y. */
function compressed(point: Bytes): Bytes {
  const isOdd = (point[2 * COORDINATE_BYTES] ?? 0) % 2 === 1;
  return concat(new Uint8Array([isOdd ? 3 : 2]), point.slice(1, 1 + COORDINATE_BYTES));
}
