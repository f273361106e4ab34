/**
 * Text of the QR code on a recovery card.
 *
 * `ANNONA-CARD-1:` and, in base 32: the version (1 byte, 1), the commitment (32), the secret (32)
 * and the checksum (8). The checksum is the beginning of SHA-256 over the domain and all bytes
 * before it. A card in which anything differs is damaged and never another person (IDENT-6).
 */

import { fromBase32, toBase32 } from '../bytes/base32.ts';
import { areEqual, concat, utf8, type Bytes } from '../bytes/bytes.ts';
import { CARD_CODE_START, type CardCodeProblem } from './protocol.ts';
import { SECRET_BYTES } from './record.ts';

const PREFIX = new RegExp(`^${CARD_CODE_START}([0-9]{1,4}):(.*)$`, 's');
const VERSION = 1;
const COMMITMENT_BYTES = 32;
const CHECKSUM_BYTES = 8;
const CHECKSUM_DOMAIN = utf8('annona card checksum\0');

/** Derives the commitment of a secret. */
export type DeriveCommitment = (secret: Bytes) => Uint8Array;

async function checksum(body: Bytes): Promise<Bytes> {
  const digest = await crypto.subtle.digest('SHA-256', concat(CHECKSUM_DOMAIN, body));
  return new Uint8Array(digest, 0, CHECKSUM_BYTES);
}

/** Writes the text of a card's QR code. */
export async function writeCard(secret: Bytes, derive: DeriveCommitment): Promise<string> {
  const body = concat(new Uint8Array([VERSION]), derive(secret), secret);
  const text = `${CARD_CODE_START}${VERSION}:${toBase32(concat(body, await checksum(body)))}`;
  body.fill(0);
  return text;
}

/** Reads the secret from the text of a card's QR code. */
export async function readCard(
  text: string,
  derive: DeriveCommitment,
): Promise<{ secret: Bytes } | { problem: CardCodeProblem }> {
  const [, version, encoded] = PREFIX.exec(text.trim()) ?? [];
  if (encoded === undefined) return { problem: 'not-a-card' };
  if (Number(version) !== VERSION) return { problem: 'other-version' };
  const bytes = fromBase32(encoded);
  const bodyBytes = 1 + COMMITMENT_BYTES + SECRET_BYTES;
  if (bytes?.length !== bodyBytes + CHECKSUM_BYTES) return { problem: 'damaged' };
  const body = bytes.slice(0, bodyBytes);
  const commitment = body.slice(1, 1 + COMMITMENT_BYTES);
  const secret = body.slice(1 + COMMITMENT_BYTES);
  const isWhole =
    body[0] === VERSION &&
    areEqual(bytes.slice(bodyBytes), await checksum(body)) &&
    areEqual(derive(secret), commitment);
  bytes.fill(0);
  body.fill(0);
  if (isWhole) return { secret };
  secret.fill(0);
  return { problem: 'damaged' };
}
