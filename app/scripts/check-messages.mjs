// Fails if a language lacks a text or has one that nobody uses, if the arguments of a text differ
// between languages, if a text cannot be read, or if code holds text of its own.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, sources } from './sources.mjs';
import { argumentsOf, objectionsToLanguages, sentencesIn, textIn } from './messages.mjs';

const LANGUAGES = ['en', 'es', 'sw', 'ar'];

const texts = Object.fromEntries(
  LANGUAGES.map((language) => join(ROOT, 'src/messages', `${language}.json`))
    .filter(existsSync)
    .map((path) => [path.match(/(\w+)\.json$/)[1], JSON.parse(readFileSync(path, 'utf8'))]),
);
/** Code that ships: a text that only the gallery, a test or its helpers use is used by nobody. */
const files = sources().filter(
  ({ path }) => !/\.test\.ts$|^gallery\/|\/testing\/|\/generated\//.test(path),
);
/** Returns the texts that a file holds itself. */
const ownTexts = ({ path, text }) =>
  new Set([...(path.endsWith('.svelte') ? textIn(text) : []), ...sentencesIn(path, text)]);
const found = [
  ...LANGUAGES.filter((language) => !(language in texts)).map((it) => `${it}.json is missing`),
  ...objectionsToLanguages(texts, files),
  ...files.flatMap((file) => [...ownTexts(file)].map((it) => `src/${file.path}: holds the text "${it}"`)),
];
for (const line of found) console.error(line);
const count = Object.keys(texts.en ?? {}).length;
const withArguments = Object.values(texts.en ?? {}).filter((it) => argumentsOf(it).size > 0).length;
console.log(
  `messages: ${count} texts (${withArguments} with arguments) in ${LANGUAGES.length} languages, ${found.length} objections`,
);
process.exit(found.length === 0 ? 0 : 1);
