// SPDX-License-Identifier: MIT
// Says what is missing beside the field, in the page's own words, before anything is sent.

import { byId } from './html.js';

export function check(form) {
  if (!(form instanceof HTMLFormElement)) return true;
  for (const field of form.elements) {
    if (!field.willValidate || !field.required) continue;
    if (field.dataset.digits !== undefined) field.value = digits(field.value);
    const wrong = field.validity.valueMissing || !field.value.trim() ? field.dataset.missing
      : field.validity.valid ? '' : field.dataset.wrong;
    showError(field.name, wrong);
    if (wrong) return false;
  }
  return true;
}

const errors = {};

// For the templates, so that what is repainted keeps its errors.
export const fieldErrors = () => ({ errors, invalid: Object.fromEntries(Object.keys(errors).map(name => [name, 'true'])) });

// Those of a screen that is left are not the next one's.
export function forgetErrors() {
  for (const name of Object.keys(errors)) delete errors[name];
}

export function showError(name, text = '') {
  const field = document.querySelector(`#main input[name="${name}"]:not([type="hidden"])`);
  const line = byId(`${name}-error`);
  if (!field || !line) return false;
  line.textContent = text;
  field.setAttribute('aria-invalid', String(text !== ''));
  if (text) {
    errors[name] = text;
    field.focus();
  } else {
    delete errors[name];
  }
  return true;
}

// ---- codes, as people paste them -----------------------------------------------------------------------

// Blanks, dashes and what cannot be seen stand between the digits of a code that was copied from somewhere, and the
// digits may be those of another script. All else stays, to be found wrong.
function digits(text) {
  return text.normalize('NFKC').replace(/[\s\p{Pd}\p{Cf}]/gu, '').replace(/\p{Nd}/gu, digit => value(digit.codePointAt(0)));
}

// Digits of a script stand in Unicode in one run, from 0 to 9.
function value(point) {
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(point - before - 1))) before++;
  return String(before % 10);
}

document.addEventListener('input', ({ target, isComposing }) => {
  if (errors[target.name]) showError(target.name);
  if (target.dataset?.digits === undefined || isComposing) return;
  const text = digits(target.value);
  if (text !== target.value) target.value = text;
});
