import { keccak_256 } from '@noble/hashes/sha3.js';

import { toHex, utf8 } from '../../bytes/bytes.ts';

/** Reason for which a text is no address to be paid at. */
export type RecipientProblem =
  | 'not-an-address'
  /** Capital and small letters do not fit: one character is wrong (EIP-55). */
  | 'checksum'
  /** Money sent there is lost: the zero address, or a contract of the deployment. */
  | 'loses-money';

/** Writes an address with the capital letters of EIP-55. */
export function checksummed(address: string): string {
  const digits = address.slice(2).toLowerCase();
  const hash = toHex(keccak_256(utf8(digits)));
  const letters = Array.from(digits, (digit, place) =>
    Number.parseInt(hash[place] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit,
  );
  return `0x${letters.join('')}`;
}

/**
 * Reads an address that a person wrote; spaces and line breaks do not count. One in small or capital letters alone has no checksum;
 * one in both has to fit.
 */
export function parseRecipient(
  text: string,
  losing: readonly string[],
): { address: string } | { problem: RecipientProblem } {
  const written = text.replace(/\s/g, '');
  if (!/^0x[0-9a-fA-F]{40}$/.test(written)) return { problem: 'not-an-address' };
  const digits = written.slice(2);
  const isMixed = digits !== digits.toLowerCase() && digits !== digits.toUpperCase();
  if (isMixed && checksummed(written) !== written) return { problem: 'checksum' };
  const address = written.toLowerCase();
  const isLost = /^0x0{40}$/.test(address) || losing.includes(address);
  return isLost ? { problem: 'loses-money' } : { address };
}
