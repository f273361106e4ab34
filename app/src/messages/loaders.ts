import type { LanguageCode } from './languages.ts';
import type source from './en.json';

/** Key of a text; a key that no language has does not compile. */
export type MessageKey = keyof typeof source;
/** Texts of one language in ICU form. */
export type Texts = Record<MessageKey, string>;

/** Loaders of the texts; each language is a file of its own. */
export const LOADERS: Record<LanguageCode, () => Promise<{ default: Texts }>> = {
  en: () => import('./en.json'),
  es: () => import('./es.json'),
  sw: () => import('./sw.json'),
  ar: () => import('./ar.json'),
};
