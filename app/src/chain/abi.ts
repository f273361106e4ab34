/** Parts of the Contract ABI that the app reads by; no library is loaded for them. */

/** Bytes of an ABI word. */
const WORD_BYTES = 32;
const WORD_DIGITS = 2 * WORD_BYTES;

/** First four bytes of the hash of each function's signature. */
export const SELECTORS = {
  'balanceOf(address)': '0x70a08231',
  'checkpointBefore(uint256)': '0xcbfbce4f',
  'epochState(uint256)': '0x714f5bfc',
  'claimWindow()': '0xc5d37ae1',
  'genesis()': '0xa7f0b3de',
  'epochLength()': '0x57d775f8',
  'decimals()': '0x313ce567',
  'symbol()': '0x95d89b41',
  'openEpoch(uint256)': '0xec163f2b',
  'transfer(address,uint256)': '0xa9059cbb',
  'nonces(address)': '0x7ecebe00',
  'eip712Domain()': '0x84b0196e',
  'claim(uint256,uint256,address,address,uint256,uint256[8])': '0x8f0a8490',
} as const;

/** Hash of each event's signature. */
export const TOPICS = {
  'Claimed(uint256,uint256,address,uint256,uint256)':
    '0xa189bd50040d146e005d64d0eb3ae648a95712a6c5633c1de9020a0c3f3f9d11',
  'FeePaid(uint256,uint256,address,uint256)':
    '0x722d94c618ebaf6df572cfed044214748f025a8c1c02242315489894bb7a4f43',
  'ClaimSkipped(uint256,uint256,uint8,uint256)':
    '0xa15dd33ce10b0fad07c6d1b0740ddb7af06e4d1b97a2e21199c4dd2bf2ed5b87',
  'LeavesAppended(uint256,uint256,uint256[],uint256,uint256)':
    '0x996f8e9cdc7d5884c89e30966800ab6be041d8184efcc4c9ed84e1d470df3177',
  'LeavesRevoked(uint256,(uint256,uint256)[],uint256,uint256)':
    '0xa5041585897011d6019f84c2f79bb20baf211da74888e9a748520c862cfe875d',
  'Paused(address)': '0x62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258',
  'Unpaused(address)': '0x5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa',
} as const;

/** Argument or value that does not fit its ABI type. */
export class AbiError extends Error {
  override readonly name = 'AbiError';
}

/** Writes an unsigned integer as a word, in hexadecimal digits without prefix. */
export function uintWord(value: bigint): string {
  if (value < 0n || value >= 1n << 256n) throw new AbiError('an integer below 2^256 was expected');
  return value.toString(16).padStart(WORD_DIGITS, '0');
}

/** Writes an address as a word. */
export function addressWord(address: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) throw new AbiError('an address was expected');
  return address.slice(2).toLowerCase().padStart(WORD_DIGITS, '0');
}

/** Writes the data of a call. */
export function callData(name: keyof typeof SELECTORS, ...words: readonly string[]): string {
  return SELECTORS[name] + words.join('');
}

/** Splits data into exactly `count` words. */
export function wordsOf(data: string, count: number): string[] {
  const digits = data.slice(2);
  if (digits.length !== count * WORD_DIGITS) throw new AbiError(`${count} words were expected`);
  return digits.match(/.{64}/g) ?? [];
}

/** Most bytes that are read of a text. */
const MAX_TEXT_BYTES = 32;

/** Reads data that is one short text of printable characters. */
export function textOf(data: string): string {
  if (!data.startsWith(`0x${uintWord(BigInt(WORD_BYTES))}`)) throw new AbiError('a text was expected');
  return textAt(data, 0);
}

/** Reads a short text of printable characters that the word at a place points to. */
export function textAt(data: string, place: number): string {
  const digits = data.slice(2);
  const word = (from: number) => digits.slice(from, from + WORD_DIGITS);
  const offset = 2 * numberOf(word(place * WORD_DIGITS) || '0');
  const length = numberOf(word(offset) || '0');
  if (length > MAX_TEXT_BYTES) throw new AbiError('a text was expected');
  const start = offset + WORD_DIGITS;
  const pairs = digits.slice(start, start + 2 * length).match(/../g) ?? [];
  if (pairs.length !== length) throw new AbiError('a text was expected');
  const bytes = Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
  const text = new TextDecoder().decode(bytes);
  if (!/^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(text)) throw new AbiError('a text was expected');
  return text;
}

/** Reads a word as an unsigned integer. */
export function uintOf(word: string): bigint {
  return BigInt(word.startsWith('0x') ? word : `0x${word}`);
}

/** Reads a word as a number that JavaScript holds exactly. */
export function numberOf(word: string): number {
  const value = uintOf(word);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new AbiError('the number is too large');
  return Number(value);
}

/** Reads a word as an address, in lower case. */
export function addressOf(word: string): string {
  const digits = word.replace(/^0x/, '');
  if (!digits.startsWith('0'.repeat(24))) throw new AbiError('an address was expected');
  return `0x${digits.slice(24).toLowerCase()}`;
}

/** Payment and proof of a claim, as the distributor takes them. */
export interface ClaimArguments {
  epoch: number;
  nullifierHash: string;
  recipient: string;
  feeRecipient: string;
  fee: string;
  proof: readonly string[];
}

/** Writes the data of a claim that comes alone. */
export function claimCallData(claim: ClaimArguments): string {
  return callData(
    'claim(uint256,uint256,address,address,uint256,uint256[8])',
    uintWord(BigInt(claim.epoch)),
    uintWord(BigInt(claim.nullifierHash)),
    addressWord(claim.recipient),
    addressWord(claim.feeRecipient),
    uintWord(BigInt(claim.fee)),
    ...claim.proof.map((coordinate) => uintWord(BigInt(coordinate))),
  );
}
