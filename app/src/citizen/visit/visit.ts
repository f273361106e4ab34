/**
 * Code that a person shows to an orb. It renews itself, so that a photograph of it is soon worth
 * nothing, and each is signed by a key of the visit, so that an orb knows that all of them come
 * from one device.
 *
 * `ANNONA-VISIT-1:` and, in base 32, big-endian: version (1 byte, 1), kind (1: 0 new, 1 recovery),
 * chain id (8), orb registry (20), commitment (32), nonce (32), time of issue in Unix seconds (8),
 * public key of the visit (33, P-256 compressed, SEC 1), and its ECDSA signature with SHA-256 over
 * the domain and all bytes before it (64: r, s). The nonce is that of the orb's statement
 * (docs/spec/enrolment.md): drawn here, and used once.
 */

import { toBase32 } from '../../bytes/base32.ts';
import { concat, randomBytes, utf8, type Bytes } from '../../bytes/bytes.ts';

/** Seconds after which a new code is shown. */
export const RENEW_SECS = 30;
/** Seconds for which an orb takes a code after its issue. */
export const VALID_SECS = 90;

const PREFIX = 'ANNONA-VISIT-1:';
const VERSION = 1;
const SIGNING_DOMAIN = utf8('annona visit\0');
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const COORDINATE_BYTES = 32;

/** Purpose of a visit. */
export type VisitKind = 'new' | 'recovery';

/** Statement of a visit, the same in each of its codes. */
export interface Visit {
  kind: VisitKind;
  chainId: number;
  /** Address of the orb registry, 20 bytes. */
  orbRegistry: Bytes;
  /** Commitment of the identity, 32 bytes. */
  commitment: Bytes;
}

/** Code on the screen. */
export interface VisitCode {
  text: string;
  /** Nonce of this code, by which the device knows what an orb made of it. */
  nonce: Bytes;
  /** Time from which another code is to be shown, Unix seconds. */
  renewAt: number;
}

/** Visit in progress. Its key cannot be read out and ends with the page. */
export class VisitSession {
  private constructor(
    private readonly visit: Visit,
    private readonly privateKey: CryptoKey,
    private readonly publicKey: Bytes,
  ) {}

  /** Begins a visit with a key of its own. */
  static async begin(visit: Visit): Promise<VisitSession> {
    const { orbRegistry, commitment, chainId } = visit;
    if (orbRegistry.length !== 20 || commitment.length !== 32 || !Number.isSafeInteger(chainId)) {
      throw new RangeError('a visit names a chain, an orb registry and a commitment');
    }
    const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, false, ['sign']);
    const point = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
    return new VisitSession(visit, privateKey, compressed(point));
  }

  /** Makes the code to show from now on, with a nonce that no code had before. */
  async code(now: number): Promise<VisitCode> {
    const { kind, chainId, orbRegistry, commitment } = this.visit;
    const nonce = randomBytes(32);
    const body = concat(
      new Uint8Array([VERSION, kind === 'new' ? 0 : 1]),
      uint64(chainId),
      orbRegistry,
      commitment,
      nonce,
      uint64(now),
      this.publicKey,
    );
    const signed = await crypto.subtle.sign(
      SIGNATURE,
      this.privateKey,
      concat(SIGNING_DOMAIN, body),
    );
    const text = PREFIX + toBase32(concat(body, new Uint8Array(signed)));
    return { text, nonce, renewAt: now + RENEW_SECS };
  }
}

function uint64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Returns the compressed form of a point that is given as 4, x, y. */
function compressed(point: Bytes): Bytes {
  const isOdd = (point[2 * COORDINATE_BYTES] ?? 0) % 2 === 1;
  return concat(new Uint8Array([isOdd ? 3 : 2]), point.slice(1, 1 + COORDINATE_BYTES));
}
