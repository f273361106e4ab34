import { IntlMessageFormat } from 'intl-messageformat';

import type { LanguageCode } from './languages.ts';
import { LOADERS, type MessageKey, type Texts } from './loaders.ts';

export type { MessageKey, Texts } from './loaders.ts';

/** Values of a text's arguments. */
export type MessageValues = Readonly<Record<string, string | number | Date>>;

/** Texts of one language, ready to be written out. */
export class Catalogue {
  readonly #parsed = new Map<MessageKey, IntlMessageFormat>();

  constructor(
    readonly language: LanguageCode,
    private readonly texts: Texts,
  ) {}

  /** Loads the texts of a language; each language is a file of its own. */
  static async load(language: LanguageCode): Promise<Catalogue> {
    const { default: texts } = await LOADERS[language]();
    return new Catalogue(language, texts);
  }

  /** Writes a text out; numbers and dates take the form of the language. */
  format(key: MessageKey, values: MessageValues = {}): string {
    let message = this.#parsed.get(key);
    if (!message) {
      message = new IntlMessageFormat(this.texts[key], localeOf(this.language));
      this.#parsed.set(key, message);
    }
    return String(message.format(values));
  }
}

/**
 * Returns the locale by which numbers and dates are written. Arabic takes Latin digits: PINs,
 * amounts and addresses are typed and compared in them.
 */
export function localeOf(language: LanguageCode): string {
  return language === 'ar' ? 'ar-u-nu-latn' : language;
}
