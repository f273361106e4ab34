import { Catalogue, type MessageKey, type MessageValues } from './catalogue.ts';
import { languageOf, type Language, type LanguageCode } from './languages.ts';

let current = $state.raw<Catalogue>();

function catalogue(): Catalogue {
  if (!current) throw new Error('no language was chosen before the first text');
  return current;
}

/** Loads a language and shows the page in it. */
export async function useLanguage(code: LanguageCode): Promise<void> {
  current = await Catalogue.load(code);
  const { direction } = currentLanguage();
  document.documentElement.lang = code;
  document.documentElement.dir = direction;
}

/** Returns the language that the page is shown in. */
export function currentLanguage(): Language {
  const language = languageOf(catalogue().language);
  if (!language) throw new Error('the language of a catalogue is one of the list');
  return language;
}

/** Writes out a text of the current language. */
export function t(key: MessageKey, values?: MessageValues): string {
  return catalogue().format(key, values);
}
