// SPDX-License-Identifier: MIT
// Checks a form before it is sent, and says beside the field what is missing.

import { byId } from './html.js';

// A field that stands in a list has a path, such as passengers[0].familyName, since others have its name, too.
const keyOf = field => field.dataset.path || field.name;

export function check(form) {
  if (!(form instanceof HTMLFormElement)) return true;
  for (const field of form.elements) {
    if (!field.willValidate || !(field.required || field.dataset.required === 'true')) continue;
    if (field.dataset.digits !== undefined) field.value = digits(field.value);
    const wrong = field.validity.valueMissing || !field.value.trim() ? field.dataset.missing
      : field.validity.valid ? '' : field.dataset.wrong;
    showError(keyOf(field), wrong);
    if (wrong) return false;
  }
  return true;
}

const errors = {};

// The templates use these, so that a repainted form keeps its errors.
export const fieldErrors = () => ({ errors, invalid: Object.fromEntries(Object.keys(errors).map(name => [name, 'true'])) });

// Called when a screen is left, because its errors do not concern the next one.
export function forgetErrors() {
  for (const name of Object.keys(errors)) delete errors[name];
}

export function showError(name, text = '') {
  const fields = document.querySelectorAll(':is(#main, dialog) :is(input, select, textarea):not([type="hidden"])');
  const field = [...fields].find(each => keyOf(each) === name);
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

// ---- pasted codes --------------------------------------------------------------------------------------

// A copied code may have blanks, dashes and invisible characters between its digits, and the digits may be of another
// script. Everything else stays, so that the check finds it wrong.
function digits(text) {
  return text.normalize('NFKC').replace(/[\s\p{Pd}\p{Cf}]/gu, '').replace(/\p{Nd}/gu, digit => value(digit.codePointAt(0)));
}

// In Unicode the digits of a script are consecutive, from 0 to 9.
function value(point) {
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(point - before - 1))) before++;
  return String(before % 10);
}

document.addEventListener('input', ({ target, isComposing }) => {
  if (target.dataset && errors[keyOf(target)]) showError(keyOf(target));
  if (target.dataset?.digits === undefined || isComposing) return;
  const text = digits(target.value);
  if (text !== target.value) target.value = text;
});
