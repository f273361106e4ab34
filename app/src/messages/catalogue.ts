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
      const locale = localeOf(this.language);
      message = new IntlMessageFormat(this.texts[key], locale, undefined, { formatters: FORMATTERS });
      this.#parsed.set(key, message);
    }
    return String(message.format(values));
  }
}

/**
 * Returns the locale by which numbers and dates are written. Arabic takes Latin digits: PINs,
 * amounts and addresses are typed and compared in them. English is spelt as in Britain, and so are
 * its dates.
 */
export function localeOf(language: LanguageCode): string {
  return { ar: 'ar-u-nu-latn', en: 'en-GB', es: 'es', sw: 'sw' }[language];
}

/** Parts of a date and of a time, each of which a line does not break. */
const DATE_PARTS: readonly string[] = ['day', 'month'];
const TIME_PARTS: readonly string[] = ['hour', 'minute', 'second', 'dayPeriod'];

/**
 * Makes a format of dates and times whose lines do not break between a day and its month, or within
 * a time.
 */
export function dateFormat(
  ...args: ConstructorParameters<typeof Intl.DateTimeFormat>
): Intl.DateTimeFormat {
  const format = new Intl.DateTimeFormat(...args);
  const written = (date?: Date | number) => {
    const parts = format.formatToParts(date);
    const kindAt = (place: number) => parts[place]?.type ?? '';
    return parts
      .map(({ type, value }, place) => {
        const around = [kindAt(place - 1), kindAt(place + 1)];
        const isWithin = [DATE_PARTS, TIME_PARTS].some((kinds) =>
          around.every((it) => kinds.includes(it)),
        );
        // Where there is a word between, as in Spanish, a line may break before the month.
        return type === 'literal' && isWithin ? value.replace(' ', '\u00a0') : value;
      })
      .join('');
  };
  return Object.defineProperty(format, 'format', { value: written });
}

/** Formats of the values in a text. */
const FORMATTERS = {
  getNumberFormat: (...args: ConstructorParameters<typeof Intl.NumberFormat>) =>
    new Intl.NumberFormat(...args),
  getDateTimeFormat: dateFormat,
  getPluralRules: (...args: ConstructorParameters<typeof Intl.PluralRules>) =>
    new Intl.PluralRules(...args),
};
