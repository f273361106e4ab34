import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';

import type { Bytes } from '../bytes/bytes.ts';
import { CARD_WORDS, type WordsProblem } from './protocol.ts';

const KNOWN = new Set(wordlist);

/** Writes a secret as the 24 words of a recovery card (BIP-39, English list, no passphrase). */
export function wordsOfSecret(secret: Bytes): string[] {
  return entropyToMnemonic(secret, wordlist).split(' ');
}

/** Returns the words of a text, however they are separated, numbered or capitalised. */
export function splitWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? [];
}

/** Reads the secret from the words of a card, or says which part of them is wrong. */
export function secretOfWords(text: string): { secret: Bytes } | { problem: WordsProblem } {
  const words = splitWords(text);
  const unknown = words.findIndex((word) => !KNOWN.has(word));
  if (unknown >= 0) {
    const word = words[unknown] ?? '';
    return { problem: { kind: 'unknown-word', position: unknown + 1, word } };
  }
  if (words.length !== CARD_WORDS) return { problem: { kind: 'count', count: words.length } };
  try {
    return { secret: new Uint8Array(mnemonicToEntropy(words.join(' '), wordlist)) };
  } catch {
    return { problem: { kind: 'checksum' } };
  }
}
