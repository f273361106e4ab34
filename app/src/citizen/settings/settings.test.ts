import 'fake-indexeddb/auto';

import { forceCloseDatabase, IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';

import { mergedFields, mergedList } from './merge.ts';
import {
  MAX_ADDRESSES,
  mergedNetwork,
  readNetwork,
  recommendedEndpoints,
  unansweredEndpoints,
  usedEndpoints,
  withAddress,
  withAnswers,
  type Network,
} from './network.ts';
import { DEFAULT_SETTINGS, readSettings, SettingsStorage } from './settings.ts';

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

describe('the settings', () => {
  it('are kept', async () => {
    const storage = await SettingsStorage.open();
    expect(await storage.get()).toEqual(DEFAULT_SETTINGS);
    await storage.choose({ language: 'sw', theme: 'dark' });
    expect(await (await SettingsStorage.open()).get()).toEqual({ language: 'sw', theme: 'dark' });
  });

  it('keep other things beside them', async () => {
    const storage = await SettingsStorage.open();
    await storage.choose({ theme: 'dark' });
    await storage.keep('network', { services: [], endpoints: [] });
    expect(await storage.recall('network')).toEqual({ services: [], endpoints: [] });
    expect(await storage.recall('facts')).toBeUndefined();
    expect(await storage.get()).toEqual({ theme: 'dark' });
  });

  it('are kept again after the browser has deleted them under an open page', async () => {
    const opened: IDBDatabase[] = [];
    const { open } = indexedDB;
    indexedDB.open = (...how) => {
      const request = open.apply(indexedDB, how);
      request.addEventListener('success', () => opened.push(request.result));
      return request;
    };
    const storage = await SettingsStorage.open();
    await storage.choose({ theme: 'dark' });
    forceCloseDatabase(opened[0] as unknown as typeof IDBDatabase);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await storage.choose({ language: 'sw' });
    expect(await storage.get()).toMatchObject({ language: 'sw' });
    expect(opened).toHaveLength(2);
  });

  it('of two tabs are both kept', async () => {
    const [one, other] = [await SettingsStorage.open(), await SettingsStorage.open()];
    await one.choose({ language: 'es', theme: 'system' });
    await Promise.all([one.choose({ theme: 'light' }), other.choose({ language: 'ar' })]);
    expect(await one.get()).toEqual({ language: 'ar', theme: 'light' });
    const add = (it: SettingsStorage) =>
      it.change('unit', (stored) => Number(stored ?? 0) + 1);
    await Promise.all([one, other, one, other].map(add));
    expect(await one.recall('unit')).toBe(4);
  });

  it('that this version does not know are left out', () => {
    expect(readSettings({ language: 'xx', theme: 'pink', more: 1 })).toEqual(DEFAULT_SETTINGS);
    for (const stored of [undefined, null, 5, 'text']) {
      expect(readSettings(stored)).toEqual(DEFAULT_SETTINGS);
    }
  });
});

describe('what two tabs change', () => {
  it('is in the list afterwards, and what either removed is not', () => {
    expect(mergedList(['a', 'b', 'x'], ['a', 'b'], ['b', 'c'])).toEqual(['b', 'c', 'x']);
    expect(mergedList(['a'], ['a', 'b'], ['a', 'b', 'c'])).toEqual(['a', 'c']);
    expect(mergedList(['a', 'b'], ['a', 'b'], ['b', 'a'])).toEqual(['b', 'a']);
    expect(mergedList(['a'], ['a'], ['a'])).toEqual(['a']);
  });

  it('is told from a list of endpoints that nobody touched', () => {
    const of = (endpoints: string[] | undefined) => ({ services: ['s'], endpoints, answers: {} });
    const [untouched, a, b] = [of(undefined), of(['a']), of(['b'])];
    expect(mergedNetwork(a, untouched, untouched)).toEqual(a);
    expect(mergedNetwork(a, untouched, b)).toEqual(of(['b', 'a']));
    expect(mergedNetwork(a, a, untouched)).toEqual(untouched);
    expect(mergedNetwork(untouched, untouched, a)).toEqual(a);
  });

  it('is told about endpoints as each of them answers', () => {
    const of = (answers: Network['answers']) => ({ services: [], endpoints: undefined, answers });
    const merged = mergedNetwork(of({ a: 'yes', b: 'not-now' }), of({ a: 'yes' }), of({ a: 'not-now', c: 'yes' }));
    expect(merged.answers).toEqual({ a: 'not-now', b: 'not-now', c: 'yes' });
  });

  it('is the value of the tab that changed it', () => {
    type Fields = { a?: number; b?: number };
    const merged = (stored: Fields, before: Fields, after: Fields) =>
      mergedFields(stored, before, after);
    expect(merged({ a: 2, b: 3 }, { a: 1 }, { a: 1 })).toEqual({ a: 2, b: 3 });
    expect(merged({ a: 2, b: 3 }, { a: 1 }, { a: 4 })).toEqual({ a: 4, b: 3 });
    expect(merged({ a: 1, b: 3 }, { a: 1 }, {})).toEqual({ b: 3 });
  });
});

describe('the lists of addresses', () => {
  const OWN = 'https://app.example/';

  it('begin with the app’s own service, and end where the person wants', () => {
    const first = { services: [OWN], endpoints: undefined, answers: {} };
    for (const stored of [undefined, null, 5, {}]) expect(readNetwork(stored, OWN)).toEqual(first);
    expect(readNetwork({ services: [], endpoints: [] }, OWN).services).toEqual([]);
  });

  it('are read without what may not be asked', () => {
    const services = ['https://a.example', 'http://b.example', 5, 'https://a.example/'];
    expect(readNetwork({ services, endpoints: 'x' }, OWN)).toEqual({
      services: ['https://a.example/'],
      endpoints: undefined,
      answers: {},
    });
    expect(readNetwork({ answers: { a: 'yes', b: 'perhaps', c: 'not-now' } }, OWN).answers).toEqual({
      a: 'yes',
      c: 'not-now',
    });
    const named = ['https://rpc.example', 'http://rpc.example'];
    expect(readNetwork({ endpoints: named }, OWN).endpoints).toEqual(['https://rpc.example/']);
    expect(readNetwork({ endpoints: [] }, OWN).endpoints).toEqual([]);
    const many = Array.from({ length: 20 }, (_, index) => `https://${index}.example/`);
    expect(readNetwork({ services: many }, OWN).services).toHaveLength(MAX_ADDRESSES);
  });

  it('have the endpoints that services recommend, of each service in turn', () => {
    const lists = [
      ['https://a.example/1', 'https://a.example/2', 'http://a.example'],
      ['https://b.example/1', 'https://a.example/1', 'https://me:key@b.example'],
    ];
    expect(recommendedEndpoints(lists)).toEqual([
      'https://a.example/1',
      'https://b.example/1',
      'https://a.example/2',
    ]);
    expect(recommendedEndpoints([])).toEqual([]);
    const many = Array.from({ length: 20 }, (_, index) => `https://${index}.example/`);
    expect(recommendedEndpoints([many])).toHaveLength(MAX_ADDRESSES);
  });

  it('use a recommended endpoint only where the person has said yes, until one is named', () => {
    const first = readNetwork(undefined, OWN);
    const recommended = ['https://a.example/', 'https://b.example/'];
    expect(usedEndpoints(first, recommended)).toEqual([]);
    expect(unansweredEndpoints(first, recommended)).toEqual(recommended);
    const some = withAnswers(first, ['https://b.example/'], 'yes');
    expect(usedEndpoints(some, recommended)).toEqual(['https://b.example/']);
    expect(unansweredEndpoints(some, recommended)).toEqual(['https://a.example/']);
    const none = withAnswers(some, recommended, 'not-now');
    expect(usedEndpoints(none, recommended)).toEqual([]);
    expect(unansweredEndpoints(none, recommended)).toEqual([]);
    const own = { ...first, endpoints: ['https://c.example/'] };
    expect(usedEndpoints(own, recommended)).toEqual(['https://c.example/']);
    expect(unansweredEndpoints(own, recommended)).toEqual([]);
  });

  it('remember a bounded number of answers, the newest', () => {
    const many = Array.from({ length: 100 }, (_, index) => `https://${index}.example/`);
    const { answers } = withAnswers(readNetwork(undefined, OWN), many, 'not-now');
    expect(Object.keys(answers)).toHaveLength(64);
    expect(answers['https://99.example/']).toBe('not-now');
  });

  it('take an address once, and only as many as there is room for', () => {
    expect(withAddress([OWN], ' https://a.example ')).toEqual({
      list: [OWN, 'https://a.example/'],
    });
    expect(withAddress([OWN], 'https://app.example')).toEqual({ problem: 'known-already' });
    expect(withAddress([OWN], 'http://a.example')).toEqual({ problem: 'not-encrypted' });
    const full = Array.from({ length: MAX_ADDRESSES }, (_, index) => `https://${index}.example/`);
    expect(withAddress(full, 'https://a.example')).toEqual({ problem: 'too-many' });
  });
});
