import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const SOURCES = new URL('../', import.meta.url);

/** Returns the styles of the app, file by file. */
function styles(): [name: string, text: string][] {
  return readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(css|svelte)$/.test(name))
    .map((name) => [name, readFileSync(new URL(name, SOURCES), 'utf8')]);
}

describe('motion', () => {
  it('changes opacity and position, and nothing else', () => {
    const moved = styles().flatMap(([name, text]) =>
      [...text.matchAll(/transition(?:-property)?:([^;]+);/g)]
        .flatMap(([, value = '']) => value.split(','))
        .map((part) => `${name}: ${part.trim().split(/\s/)[0]}`),
    );
    const allowed = /: (none|opacity|translate)$/;
    expect(moved.filter((it) => !allowed.test(it))).toEqual([]);
    expect(moved.some((it) => it.endsWith(': opacity'))).toBe(true);
  });

  it('is drawn by no animation that goes on by itself', () => {
    const animated = styles().filter(([, text]) => /@keyframes|animation(?!: none)\b/.test(text));
    expect(animated.map(([name]) => name)).toEqual([]);
  });
});
