import { describe, expect, it } from 'vitest';

import { latin, piecesOf } from './latin.ts';

describe('an address or a number', () => {
  it('breaks after its slashes, dots, commas and colons', () => {
    const pieces = ['https://', 'annona-payments.', 'example:', '8443/', 'app/'];
    expect(piecesOf(pieces.join(''))).toEqual(pieces);
    expect(piecesOf('https://rpc.example/, https://b.example/')).toEqual([
      ...['https://', 'rpc.', 'example/, https://', 'b.', 'example/'],
    ]);
  });

  it('breaks between three digits, and not at the point of a small number', () => {
    expect(piecesOf('12,500,000')).toEqual(['12,', '500,', '000']);
    expect(piecesOf('0.987654321012345678 ETH')).toEqual([
      ...['0.987', '654', '321', '012', '345', '678 ETH'],
    ]);
    expect(piecesOf('0.00124')).toEqual(['0.00124']);
    expect(piecesOf('12.5')).toEqual(['12.5']);
    expect(piecesOf('127.0.0.1')).toEqual(['127.0.0.1']);
  });

  it('is isolated within a sentence', () => {
    expect(latin('a.b')).toBe('\u2066a.\u200bb\u2069');
  });
});
