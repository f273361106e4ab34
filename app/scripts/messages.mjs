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

/** Two words, one after the other, as somebody reads them. */
const SENTENCE = /\p{L}{2,}[,.;:!?’'")]*\s+[("'‘¿¡]*\p{L}{2,}/u;
/** Texts with words for programs alone: marks in hashes, ABI types, media conditions, fonts. */
const FOR_PROGRAMS = [/\0$/, /^function \w+\(/, /\bu?int\d+\b/, /^\([a-z-]+: [a-z-]+\)$/, /\bsans-serif$/];
/** Attributes of components that have words for programs. */
const UNREAD = ['class', 'generics'];
/** Parts of the syntax tree that repeat others, or are no code. */
const BESIDE = ['comments', 'css', 'leadingComments', 'metadata', 'parent', 'trailingComments'];

const isSentence = (text) => SENTENCE.test(text) && !FOR_PROGRAMS.some((it) => it.test(text));

/** Returns the string of a node of the syntax tree, or nothing. */
function stringOf({ type, value, data }) {
  if (type === 'Literal' && typeof value === 'string') return value;
  if (type === 'TemplateElement') return value.cooked;
  return type === 'Text' ? data : undefined;
}

/** Returns the sentences that code holds, but for those of errors, which nobody is shown. */
export function sentencesIn(path, code) {
  const component = path.endsWith('.svelte') ? code : `<script lang="ts">${code}</script>`;
  const found = [];
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    if (node.type === 'NewExpression' && /Error$/.test(node.callee.name ?? '')) return;
    // Bytes of a protocol, such as the beginning of what is signed.
    if (node.type === 'CallExpression' && node.callee.name === 'utf8') return;
    if (node.type === 'Attribute' && UNREAD.includes(node.name)) return;
    const text = stringOf(node);
    if (text && isSentence(text)) found.push(text.trim());
    for (const [name, child] of Object.entries(node)) if (!BESIDE.includes(name)) visit(child);
  };
  visit(parseSvelte(component, { modern: true }));
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
