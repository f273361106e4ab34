import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');

/** Returns the colours of the block that follows a selector. */
function colours(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf('}', start));
  const pairs = [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)];
  return Object.fromEntries(pairs.map((pair) => [pair[1], pair[2]]));
}

/** Relative luminance of a colour (WCAG 2.2). */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((place) => Number.parseInt(hex.slice(place, place + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one = '', other = ''): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const light = colours(':root');
const dark = colours(":root[data-theme='dark']");

describe('colour tokens', () => {
  it('keep text at 7:1 on every ground, in light and dark', () => {
    for (const theme of [light, dark]) {
      for (const ground of ['backdrop', 'ground', 'raised', 'tint']) {
        for (const ink of ['ink', 'quiet', 'good', 'wait', 'bad']) {
          expect(contrast(theme[ink], theme[ground]), `${ink} on ${ground}`).toBeGreaterThan(7);
        }
      }
      for (const tone of ['good', 'bad']) {
        for (const ink of ['ink', 'quiet', tone]) {
          const ground = theme[`${tone}-tint`];
          expect(contrast(theme[ink], ground), `${ink} on ${tone}-tint`).toBeGreaterThan(7);
        }
      }
      expect(contrast(theme['accent-ink'], theme['accent'])).toBeGreaterThan(7);
    }
  });

  it('keep edges of controls and the focus ring at 3:1', () => {
    for (const theme of [light, dark]) {
      for (const ground of ['backdrop', 'ground', 'raised', 'tint']) {
        expect(contrast(theme['accent-edge'], theme[ground])).toBeGreaterThan(3);
        expect(contrast(theme['edge'], theme[ground])).toBeGreaterThan(3);
        expect(contrast(theme['focus'], theme[ground])).toBeGreaterThan(3);
      }
      for (const tint of ['good-tint', 'bad-tint']) {
        expect(contrast(theme['edge'], theme[tint])).toBeGreaterThan(3);
        expect(contrast(theme['focus'], theme[tint])).toBeGreaterThan(3);
      }
    }
  });

  it('are written once for each theme', () => {
    expect(Object.keys(dark)).toEqual(Object.keys(light));
    for (const [name, colour] of Object.entries(dark)) {
      const isShared = light[name] === colour;
      expect(css.split(`--${name}: ${colour};`), name).toHaveLength(isShared ? 3 : 2);
    }
  });
});
