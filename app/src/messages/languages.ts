/** Languages of the app, each named in itself. */
export const LANGUAGES = [
  { code: 'en', name: 'English', direction: 'ltr' },
  { code: 'es', name: 'Español', direction: 'ltr' },
  { code: 'sw', name: 'Kiswahili', direction: 'ltr' },
  { code: 'ar', name: 'العربية', direction: 'rtl' },
] as const;

export type Language = (typeof LANGUAGES)[number];
export type LanguageCode = Language['code'];

/** Language of which every text exists and from which the others are translated. */
export const SOURCE_LANGUAGE: LanguageCode = 'en';

/** Returns the language of a code, or nothing for a code that the app does not have. */
export function languageOf(code: string): Language | undefined {
  return LANGUAGES.find((language) => language.code === code);
}

/** Chooses the first language of a list of BCP 47 tags that the app has. */
export function chooseLanguage(tags: readonly string[]): LanguageCode {
  for (const tag of tags) {
    const language = languageOf(tag.toLowerCase().split('-')[0] ?? '');
    if (language) return language.code;
  }
  return SOURCE_LANGUAGE;
}
