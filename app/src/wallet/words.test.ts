import { describe, expect, it } from 'vitest';

import { fromBase32, toBase32 } from '../bytes/base32.ts';
import { randomBytes, toHex, type Bytes } from '../bytes/bytes.ts';
import { readCard, writeCard } from './card.ts';
import { commitmentText, deriveCommitment, FROZEN } from './testing/identity.ts';
import { secretOfWords, wordsOfSecret } from './words.ts';

const ofWords = (text: string) => {
  const read = secretOfWords(text);
  return 'secret' in read ? toHex(read.secret) : read.problem;
};

describe('the words of a card', () => {
  it('are those of BIP-39', () => {
    expect(wordsOfSecret(new Uint8Array(32)).join(' ')).toBe(`${'abandon '.repeat(23)}art`);
    const ones = new Uint8Array(32).fill(0xff);
    expect(wordsOfSecret(ones).join(' ')).toBe(`${'zoo '.repeat(23)}vote`);
  });

  it('give the secret back, however they are written', () => {
    const secret = randomBytes(32);
    const words = wordsOfSecret(secret);
    expect(words).toHaveLength(24);
    expect(ofWords(words.join(' '))).toBe(toHex(secret));
    const numbered = words.map((word, index) => `${index + 1}. ${word.toUpperCase()}`).join('\n');
    expect(ofWords(numbered)).toBe(toHex(secret));
  });

  it('are refused with the part that is wrong', () => {
    const words = wordsOfSecret(new Uint8Array(32));
    expect(ofWords(words.slice(1).join(' '))).toEqual({ kind: 'count', count: 23 });
    expect(ofWords('')).toEqual({ kind: 'count', count: 0 });
    const misspelt = words.with(6, 'abandonn').join(' ');
    expect(ofWords(misspelt)).toEqual({ kind: 'unknown-word', position: 7, word: 'abandonn' });
    const exchanged = words.with(0, 'zoo').join(' ');
    expect(ofWords(exchanged)).toEqual({ kind: 'checksum' });
  });
});

describe('base 32', () => {
  it('has the vectors of RFC 4648', () => {
    const text = (ascii: string) => toBase32(new TextEncoder().encode(ascii));
    expect(['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map(text)).toEqual([
      '',
      'MY',
      'MZXQ',
      'MZXW6',
      'MZXW6YQ',
      'MZXW6YTB',
      'MZXW6YTBOI',
    ]);
  });

  it('is read back, and in no second form', () => {
    for (let length = 0; length < 80; length += 1) {
      const bytes = randomBytes(length);
      expect(fromBase32(toBase32(bytes))).toEqual(bytes);
    }
    for (const text of ['MZ1', 'my', 'MZ', 'M', 'MY======']) {
      expect(fromBase32(text)).toBeUndefined();
    }
  });
});

describe('the code of a card', () => {
  it('rests on the identity of the specification', () => {
    expect(commitmentText(FROZEN.secret)).toBe(FROZEN.commitment);
  });

  it('is frozen', async () => {
    expect(await writeCard(FROZEN.secret, deriveCommitment)).toMatchSnapshot();
  });

  it('gives the secret back', async () => {
    const secret = randomBytes(32);
    const text = await writeCard(secret, deriveCommitment);
    expect(await readCard(`${text}\n`, deriveCommitment)).toEqual({ secret });
  });

  it('is damaged with any letter changed, and never another person', async () => {
    const text = await writeCard(FROZEN.secret, deriveCommitment);
    const start = text.indexOf(':') + 1;
    for (let place = start; place < text.length; place += 1) {
      const other = text[place] === 'A' ? 'B' : 'A';
      const changed = text.slice(0, place) + other + text.slice(place + 1);
      expect(await readCard(changed, deriveCommitment)).toEqual({ problem: 'damaged' });
    }
    expect(await readCard(text.slice(0, -1), deriveCommitment)).toEqual({ problem: 'damaged' });
  });

  it('is damaged when another secret has a right checksum', async () => {
    const lie = (secret: Uint8Array) => deriveCommitment((secret as Bytes).map((it) => it ^ 1));
    const text = await writeCard(FROZEN.secret, lie);
    expect(await readCard(text, deriveCommitment)).toEqual({ problem: 'damaged' });
  });

  it('is told from other codes and other versions', async () => {
    const text = await writeCard(FROZEN.secret, deriveCommitment);
    const later = text.replace('CARD-1', 'CARD-2');
    expect(await readCard(later, deriveCommitment)).toEqual({ problem: 'other-version' });
    for (const other of ['', 'https://example.org', text.toLowerCase()]) {
      expect(await readCard(other, deriveCommitment)).toEqual({ problem: 'not-a-card' });
    }
  });
});
