// Rules about the texts of the app.

import { parse as parseIcu, TYPE } from '@formatjs/icu-messageformat-parser';
import { parse as parseSvelte } from 'svelte/compiler';

/** Attributes that a person reads or hears. */
const SPOKEN = ['alt', 'aria-description', 'aria-label', 'aria-roledescription', 'placeholder', 'title'];
/** Plural categories of each language that a text with a plural must distinguish. */
const PLURALS = {
  en: ['one', 'other'],
  es: ['one', 'other'],
  sw: ['one', 'other'],
  ar: ['zero', 'one', 'two', 'few', 'many', 'other'],
};

/** Returns the arguments of a text in ICU form, each with its kind. */
export function argumentsOf(text) {
  const found = new Map();
  const visit = (elements) => {
    for (const element of elements) {
      if (element.type === TYPE.literal || element.type === TYPE.pound) continue;
      found.set(element.value, element.type);
      for (const option of Object.values(element.options ?? {})) visit(option.value);
    }
  };
  visit(parseIcu(text));
  return found;
}

/** Returns the plural categories that a text lacks in a language. */
function missingPlurals(text, language) {
  const missing = [];
  const visit = (elements) => {
    for (const element of elements) {
      for (const option of Object.values(element.options ?? {})) visit(option.value);
      if (element.type !== TYPE.plural || element.pluralType !== 'cardinal') continue;
      missing.push(...PLURALS[language].filter((category) => !(category in element.options)));
    }
  };
  visit(parseIcu(text));
  return missing;
}

const described = (map) => [...map].map(([name, kind]) => `${name}:${kind}`).sort().join(' ');

/** Returns a sentence for each text that is missing, unused, unreadable or not like the source. */
export function objectionsToLanguages(texts, files) {
  const { en: source = {} } = texts;
  const found = [];
  const code = files.map(({ text }) => text).join('\n');
  for (const key of Object.keys(source)) {
    if (!code.includes(`'${key}'`)) found.push(`en.json: nobody uses ${key}`);
  }
  for (const [language, entries] of Object.entries(texts)) {
    for (const key of Object.keys(source)) {
      if (!(key in entries)) found.push(`${language}.json: ${key} is missing`);
    }
    for (const [key, text] of Object.entries(entries)) {
      if (!(key in source)) {
        found.push(`${language}.json: ${key} is not in en.json`);
        continue;
      }
      try {
        if (text.trim() === '') found.push(`${language}.json: ${key} is empty`);
        for (const category of missingPlurals(text, language)) {
          found.push(`${language}.json: ${key} has no plural "${category}"`);
        }
        if (described(argumentsOf(text)) !== described(argumentsOf(source[key]))) {
          found.push(`${language}.json: ${key} has other arguments than en.json`);
        }
      } catch (error) {
        found.push(`${language}.json: ${key} cannot be read: ${error.message}`);
      }
    }
  }
  return found;
}

const hasLetters = (text) => /\p{L}{2,}/u.test(text);

/** Returns the texts that a component holds itself: between tags, or in what is read aloud. */
export function textIn(component) {
  const { fragment } = parseSvelte(component, { modern: true });
  const found = [];
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    if (node.type === 'Text' && hasLetters(node.data)) found.push(node.data.trim());
    if (node.type === 'Attribute') {
      if (SPOKEN.includes(node.name)) visit(node.value);
      return;
    }
    // The expression of {'text'} in markup.
    if (node.type === 'ExpressionTag' && node.expression.type === 'Literal') {
      if (hasLetters(String(node.expression.value))) found.push(String(node.expression.value));
    }
    for (const [name, child] of Object.entries(node)) {
      if (name !== 'expression' && name !== 'metadata' && name !== 'parent') visit(child);
    }
  };
  visit(fragment);
  return found;
}
