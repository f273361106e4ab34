import 'fake-indexeddb/auto';

import { describe, expect, it } from 'vitest';

import { DEFAULT_SETTINGS, readSettings, SettingsStorage } from './settings.ts';

describe('the settings', () => {
  it('are kept', async () => {
    const storage = await SettingsStorage.open();
    expect(await storage.get()).toEqual(DEFAULT_SETTINGS);
    await storage.put({ language: 'sw', theme: 'dark' });
    expect(await (await SettingsStorage.open()).get()).toEqual({ language: 'sw', theme: 'dark' });
  });

  it('that this version does not know are left out', () => {
    expect(readSettings({ language: 'xx', theme: 'pink', more: 1 })).toEqual(DEFAULT_SETTINGS);
    for (const stored of [undefined, null, 5, 'text']) {
      expect(readSettings(stored)).toEqual(DEFAULT_SETTINGS);
    }
  });
});
