import { describe, expect, it } from 'vitest';
import decodeQR from 'qr/decode.js';

import { grainsOfEar } from './ear.ts';
import { drawQr } from './qr.ts';

describe('the ear of wheat', () => {
  it('has as many grains as it counts, none outside its drawing', () => {
    for (const count of [0, 1, 2, 7, 30, 31]) {
      const { grains, height } = grainsOfEar(count);
      expect(grains).toHaveLength(count);
      for (const grain of grains) {
        expect(grain.y).toBeGreaterThan(5);
        expect(grain.y).toBeLessThan(height);
      }
    }
  });

  it('fills from below to the tip', () => {
    const heights = grainsOfEar(31).grains.map((grain) => grain.y);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
  });
});

describe('a QR code', () => {
  it('is read back from the path that is drawn', () => {
    const text = 'ANNONA-VISIT-1:0123456789ABCDEF $%*+-./:';
    const { path, side } = drawQr(text);
    const scale = 4;
    const width = side * scale;
    const data = new Uint8ClampedArray(width * width * 4).fill(255);
    for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
      for (let row = 0; row < scale; row += 1) {
        for (let column = 0; column < Number(length) * scale; column += 1) {
          const place = (Number(y) * scale + row) * width + Number(x) * scale + column;
          data.set([0, 0, 0], place * 4);
        }
      }
    }
    expect(decodeQR({ width, height: width, data })).toBe(text);
  });
});
