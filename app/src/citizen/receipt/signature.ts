/**
 * Signer of a receipt or a refusal (EIP-712, RCPT-1). Loaded only when there is something to check,
 * because the arithmetic of the curve is most of its size.
 */

import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';

import { concat, fromHex, toHex, utf8, type Bytes } from '../../bytes/bytes.ts';
import type { ReceiptView, RefusalView } from '../../service/service.ts';

const DOMAIN_TYPE =
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';
/** Fields that both statements begin with. */
const TERMS =
  'uint256 nullifierHash,uint256 epoch,address recipient,address feeRecipient,uint256 fee,uint256 root';
const RECEIPT_TYPE = `ClaimReceipt(${TERMS},uint64 takenAt,uint64 deadline)`;
const REFUSAL_TYPE = `ClaimRefusal(${TERMS},string reason,uint64 blockNumber,uint64 blockTime)`;

/** Deployment whose services sign: its chain, and the distributor as the verifying contract. */
export interface SigningScope {
  chainId: number;
  distributor: string;
}

type Terms = Pick<
  ReceiptView,
  'nullifierHash' | 'epoch' | 'recipient' | 'feeRecipient' | 'fee' | 'root'
>;

/** Hashes a text, or the bytes of encoded fields. */
const hash = (data: string | Uint8Array): Bytes =>
  new Uint8Array(keccak_256(typeof data === 'string' ? utf8(data) : data));

/** Writes an integer, or an address as one, in 32 bytes. */
const word = (value: bigint | number | string): Bytes =>
  fromHex(BigInt(value).toString(16).padStart(64, '0'));

const wordsOfTerms = (terms: Terms): Bytes[] =>
  [
    terms.nullifierHash,
    terms.epoch,
    terms.recipient,
    terms.feeRecipient,
    terms.fee,
    terms.root,
  ].map(word);

function domainHash({ chainId, distributor }: SigningScope): Bytes {
  const text = [DOMAIN_TYPE, 'Annona', '2'].map(hash);
  return hash(concat(...text, word(chainId), word(distributor)));
}

function digest(scope: SigningScope, type: string, ...fields: readonly Bytes[]): Bytes {
  const struct = hash(concat(hash(type), ...fields));
  return hash(concat(new Uint8Array([0x19, 0x01]), domainHash(scope), struct));
}

/** Statement of a service without its signature. */
export type Statement = Omit<ReceiptView, 'signature'> | Omit<RefusalView, 'signature'>;

/** Returns the digest that the service signs. */
export function digestOf(stated: Statement, scope: SigningScope): Bytes {
  const terms = wordsOfTerms(stated);
  if (!('reason' in stated)) {
    return digest(scope, RECEIPT_TYPE, ...terms, word(stated.takenAt), word(stated.deadline));
  }
  const { reason, blockNumber, blockTime } = stated;
  return digest(scope, REFUSAL_TYPE, ...terms, hash(reason), word(blockNumber), word(blockTime));
}

/**
 * Returns the address whose key signed a receipt or a refusal, in lower case; nothing when no key
 * fits.
 */
export function signerOf(
  stated: ReceiptView | RefusalView,
  scope: SigningScope,
): string | undefined {
  return recover(stated.signature, digestOf(stated, scope));
}

/** Returns the address of a public key, which is given without compression. */
export function addressOfKey(key: Uint8Array): string {
  return `0x${toHex(hash(key.subarray(1)).subarray(12))}`;
}

/** Parity of the curve's point by the last byte of a signature. */
const PARITIES: Readonly<Record<number, number>> = { 0: 0, 1: 1, 27: 0, 28: 1 };

/** Recovers the signer; a signature whose `s` lies in the upper half names nobody (EIP-2). */
function recover(signature: string, message: Bytes): string | undefined {
  const bytes = fromHex(signature);
  const parity = PARITIES[bytes[64] ?? -1];
  if (bytes.length !== 65 || parity === undefined) return undefined;
  try {
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64)).addRecoveryBit(parity);
    if (parsed.hasHighS()) return undefined;
    return addressOfKey(parsed.recoverPublicKey(message).toBytes(false));
  } catch {
    return undefined;
  }
}
