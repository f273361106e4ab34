/** Receipts and refusals for tests, signed with the key that the configuration of the fakes names. */

import { secp256k1 } from '@noble/curves/secp256k1.js';

import { toHex, type Bytes } from '../../bytes/bytes.ts';
import type { ReceiptView, RefusalView } from '../../service/service.ts';
import { addressOfKey, digestOf, type SigningScope } from '../receipt/signature.ts';

/** Key of the deployment's receipts in tests. */
export const RECEIPT_KEY: Bytes = new Uint8Array(32).fill(7);
/** Key of nobody. */
export const OTHER_KEY: Bytes = new Uint8Array(32).fill(8);

/** Returns the address of a key. */
export function addressOf(key: Bytes): string {
  return addressOfKey(secp256k1.getPublicKey(key, false));
}

type Unsigned = Omit<ReceiptView, 'signature'> | Omit<RefusalView, 'signature'>;

/** Signs a receipt or a refusal. */
export function signed<Stated extends Unsigned>(
  stated: Stated,
  scope: SigningScope,
  key: Bytes = RECEIPT_KEY,
): Stated & { signature: string } {
  const made = secp256k1.sign(digestOf(stated, scope), key, { prehash: false, format: 'recovered' });
  const parity = 27 + (made[0] ?? 0);
  return { ...stated, signature: `0x${toHex(made.subarray(1))}${parity.toString(16)}` };
}
