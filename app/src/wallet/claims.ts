/** Forms of what a page asks the wallet to prove. Whatever has another form is refused. */

import { concat, toHex, type Bytes } from '../bytes/bytes.ts';
import { fail } from './failure.ts';
import type { ClaimToProve, Deployment } from './protocol.ts';
import type { ClaimStatement } from './prover.ts';

/** Levels of the membership tree. */
export const TREE_DEPTH = 30;

const ADDRESS = /^0x[0-9a-f]{40}$/;
const WORD = /^0x[0-9a-f]{64}$/;
const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;

/** Writes bytes as a hexadecimal text with 0x before it. */
export function hexText(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`;
}

/** Returns the bytes of an address. */
export function addressBytes(text: string): Bytes {
  return hexBytes(text, ADDRESS);
}

/** Returns a word of 32 bytes whose form is right. */
export function wordText(text: string): string {
  hexBytes(text, WORD);
  return text;
}

/** Reads a decimal amount below 2^256. */
export function amountOf(decimal: string): bigint {
  amountBytes(decimal);
  return BigInt(decimal);
}

/** Returns a number that is whole and not negative, and refuses every other. */
export function wholeNumber(value: number): number {
  return Number.isSafeInteger(value) && value >= 0 ? value : fail({ code: 'not-understood' });
}

/** Reads a deployment from what a page says. */
export function readDeployment(said: Deployment): Deployment {
  const { chainId, distributor, registry, orbRegistry, token } = said;
  for (const address of [distributor, registry, orbRegistry, token]) addressBytes(address);
  return { chainId: wholeNumber(chainId), distributor, registry, orbRegistry, token };
}

/** Compares deployments. */
export function isSameDeployment(one: Deployment, other: Deployment): boolean {
  return (
    one.chainId === other.chainId &&
    one.distributor === other.distributor &&
    one.registry === other.registry &&
    one.orbRegistry === other.orbRegistry &&
    one.token === other.token
  );
}

/** Reads a claim from what a page says. */
export function readClaim(
  { epoch, recipient, feeRecipient, fee, path }: ClaimToProve,
  { chainId, distributor }: Deployment,
): ClaimStatement {
  if (path.siblings.length !== TREE_DEPTH) fail({ code: 'not-understood' });
  return {
    chainId,
    distributor: addressBytes(distributor),
    epoch: wholeNumber(epoch),
    recipient: addressBytes(recipient),
    feeRecipient: addressBytes(feeRecipient),
    fee: amountBytes(fee),
    leafIndex: wholeNumber(path.leafIndex),
    siblings: concat(...path.siblings.map((sibling) => hexBytes(sibling, WORD))),
    root: hexBytes(path.root, WORD),
  };
}

function amountBytes(decimal: string): Bytes {
  if (!DECIMAL.test(decimal)) return fail({ code: 'not-understood' });
  const digits = BigInt(decimal).toString(16).padStart(64, '0');
  return hexBytes(`0x${digits}`, WORD);
}

function hexBytes(text: string, form: RegExp): Bytes {
  if (typeof text !== 'string' || !form.test(text)) return fail({ code: 'not-understood' });
  const bytes = new Uint8Array((text.length - 2) / 2);
  for (let place = 0; place < bytes.length; place += 1) {
    bytes[place] = Number.parseInt(text.slice(2 + 2 * place, 4 + 2 * place), 16);
  }
  return bytes;
}
