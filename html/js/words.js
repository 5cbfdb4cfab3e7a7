// SPDX-License-Identifier: MIT
// The page's words, in the language that early.js has chosen; in English where another language's file does not come.

const FILES = {
  ar: () => import('../words/ar.js'), de: () => import('../words/de.js'), en: () => import('../words/en.js'),
  es: () => import('../words/es.js'), fr: () => import('../words/fr.js'),
};

const root = document.documentElement;
const all = await load(root.lang.split('-')[0]);

async function load(language) {
  try {
    return (await FILES[language]()).default;
  } catch (error) {
    if (language === 'en') throw error;
    console.error(error);
    root.lang = 'en';
    root.dir = 'ltr';
    return load('en');
  }
}

export const isEnglish = root.lang.startsWith('en');

// English dates are British whatever the browser prefers. Arabic has the digits that seats and references have, too.
export const locale = isEnglish ? 'en-GB' : root.lang.startsWith('ar') ? `${root.lang}-u-nu-latn` : root.lang;

const rules = new Intl.PluralRules(locale);
const number = new Intl.NumberFormat(locale);

// In a text that is written from right to left, a seat or a name of the other direction stays in one piece.
export const isolated = value => (root.dir === 'rtl' ? `\u2068${value}\u2069` : value);

export const hasWords = key => key in all;

// The template behind a word: a name of templates has no dot, and that of a word has one.
export const phrase = key => all[key];

// The text with its {{names}} replaced. A text with several forms takes the one for `count`.
export function words(key, values = {}) {
  const forms = phrase(key);
  const text = typeof forms === 'string' ? forms : forms[rules.select(values.count)] ?? forms.other;
  return text.replace(/{{(\w+)}}/g, (_, name) => isolated(typeof values[name] === 'number' ? number.format(values[name]) : values[name]));
}

// What operators name, such as a class, has a word here only if it is a usual one.
export const named = (kind, name) => (hasWords(`${kind}.${name}`) ? words(`${kind}.${name}`) : name.replaceAll('-', ' '));

// What the page itself holds beside its templates.
if (!isEnglish) {
  for (const element of document.querySelectorAll('[data-words]')) element.innerHTML = phrase(element.dataset.words);
  for (const element of document.querySelectorAll('[data-words-label]')) element.setAttribute('aria-label', phrase(element.dataset.wordsLabel));
}
delete root.dataset.awaits;
