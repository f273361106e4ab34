import type { DBSchema } from 'idb';

import { languageOf, type LanguageCode } from '../../messages/languages.ts';
import { connectionTo, type Connection } from '../../storage/connection.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Choices of the person about how the app is shown. */
export interface Settings {
  /** None means the browser's languages decide. */
  language?: LanguageCode;
  theme: Theme;
}

export const DEFAULT_SETTINGS: Settings = { theme: 'system' };

/** Things that are kept beside the choices of `Settings`; whoever reads one checks it. */
export type KeptKey =
  | 'network'
  | 'facts'
  | 'membership'
  | 'receiving'
  | 'unit'
  | 'card-reminder'
  | 'recommended';

interface SettingsSchema extends DBSchema {
  settings: { key: 'shown' | KeptKey; value: unknown };
}

/** Reads settings from what was stored; what is not a choice of this version is left out. */
export function readSettings(stored: unknown): Settings {
  const fields = typeof stored === 'object' && stored !== null ? stored : {};
  const { language, theme } = fields as Record<string, unknown>;
  const known = typeof language === 'string' ? languageOf(language) : undefined;
  return {
    ...(known && { language: known.code }),
    theme: THEMES.find((it) => it === theme) ?? DEFAULT_SETTINGS.theme,
  };
}

/**
 * Settings in IndexedDB. A browser that keeps nothing shows the app all the same, as it is set
 * by default: the wallet is the part that says what cannot be kept.
 */
export class SettingsStorage {
  private constructor(private readonly connection: Connection<SettingsSchema>) {}

  static async open(): Promise<SettingsStorage> {
    const connection = connectionTo<SettingsSchema>('annona-settings', (tables) =>
      tables.createObjectStore('settings'),
    );
    await connection.database().catch(() => undefined);
    return new SettingsStorage(connection);
  }

  async get(): Promise<Settings> {
    return readSettings(await this.#read('shown'));
  }

  /** Stores a choice beside the others, which another tab may have changed. */
  async choose(choice: Partial<Settings>): Promise<void> {
    await this.change('shown', (stored) => ({ ...readSettings(stored), ...choice }));
  }

  /** Returns what was kept under a key, as it was stored. */
  async recall(key: KeptKey): Promise<unknown> {
    return this.#read(key);
  }

  async #read(key: 'shown' | KeptKey): Promise<unknown> {
    try {
      return await (await this.connection.database()).get('settings', key);
    } catch {
      return undefined;
    }
  }

  async keep(key: KeptKey, value: unknown): Promise<void> {
    try {
      await (await this.connection.database()).put('settings', value, key);
    } catch {
      // As the class says: it is shown all the same, and not kept.
    }
  }

  /**
   * Changes what is kept under a key, as one step that no other tab comes between. Returns what is
   * kept then; where nothing can be kept, the change of nothing.
   */
  async change<Value>(
    key: KeptKey | 'shown',
    changed: (stored: unknown) => Value,
  ): Promise<Value> {
    try {
      const change = (await this.connection.database()).transaction('settings', 'readwrite');
      const value = changed(await change.store.get(key));
      await Promise.all([change.store.put(value, key), change.done]);
      return value;
    } catch {
      return changed(undefined);
    }
  }
}

/** Theme of the system, which may change while the app is open. */
const systemIsDark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');
let shown: Theme = DEFAULT_SETTINGS.theme;

/** Shows the page in a theme. */
export function showTheme(theme: Theme): void {
  shown = theme;
  const ofSystem = systemIsDark?.matches ? 'dark' : 'light';
  document.documentElement.dataset['theme'] = theme === 'system' ? ofSystem : theme;
}

systemIsDark?.addEventListener('change', () => showTheme(shown));
