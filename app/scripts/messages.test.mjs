import { describe, expect, it } from 'vitest';

import { objectionsToLanguages, sentencesIn, textIn } from './messages.mjs';

describe('the check of the texts', () => {
  const source = { 'a.one': 'One', 'a.two': 'Two {n, number}' };
  const files = [{ path: 'a.ts', text: "t('a.one') t('a.two')" }];
  const check = (other) =>
    objectionsToLanguages({ en: source, ar: other }, files);

  it('finds nothing wrong with the same keys and arguments', () => {
    expect(check({ 'a.one': 'واحد', 'a.two': 'اثنان {n, number}' })).toEqual([]);
  });

  it('finds a text that is missing, unknown, empty, unreadable or has other arguments', () => {
    expect(check({ 'a.one': 'واحد' })).toHaveLength(1);
    expect(check({ 'a.one': ' ', 'a.two': '{n, number}' })).toHaveLength(1);
    expect(check({ 'a.one': '{', 'a.two': '{n, number}' })).toHaveLength(1);
    expect(check({ 'a.one': 'x', 'a.two': '{m, number}' })).toHaveLength(1);
    expect(check({ ...source, 'a.three': 'x' })).toHaveLength(1);
  });

  it('finds a plural that lacks a form of the language', () => {
    const plural = '{n, plural, one {#} other {#}}';
    const found = objectionsToLanguages({ en: { a: plural }, ar: { a: plural } }, [
      { path: 'a.ts', text: "'a'" },
    ]);
    expect(found).toHaveLength(4);
  });

  it('finds a text that nobody uses', () => {
    expect(objectionsToLanguages({ en: source }, [{ path: 'a.ts', text: "'a.one'" }])).toEqual([
      'en.json: nobody uses a.two',
    ]);
  });

  it('finds text in components, where it is read and where it is heard', () => {
    expect(textIn('<p>Hello</p>')).toEqual(['Hello']);
    expect(textIn('<p aria-label="Hello" class="big one">{x} · {"Hi"}</p>')).toEqual([
      'Hello',
      'Hi',
    ]);
    expect(textIn('{#if a}<b>One</b>{:else}<img alt="Two" />{/if}')).toEqual(['One', 'Two']);
    expect(textIn("<script>const a = 'Hello';</script><p class='a'>{t('a')}</p>")).toEqual([]);
  });

  it('finds sentences in code, wherever they are', () => {
    const code = (text) => sentencesIn('a.ts', text);
    expect(code("const a: A = { unit: unit?.symbol ?? 'smallest units' };")).toEqual(['smallest units']);
    expect(code('say(`It is ${day}, at the latest`);')).toEqual(['It is', ', at the latest']);
    expect(code("throw new PortError(`no answer came from ${host}`);")).toEqual([]);
    expect(code("t('a.one'); hash('annona visit\\0'); abi('function a(uint256) returns (b c)');")).toEqual([]);
    const component = (text) => sentencesIn('A.svelte', text);
    expect(component('<Panel class="big one" label="Hello you" text={is ? `Good day` : x} />')).toEqual([
      'Hello you',
      'Good day',
    ]);
    expect(component("<script lang=\"ts\">const a: B = say('Good day');</script>")).toEqual(['Good day']);
  });
});
