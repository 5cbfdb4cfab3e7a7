// Says what is missing beside the field, in the page's own words, before anything is sent.

import { byId } from './html.js';

export function check(form) {
  if (!(form instanceof HTMLFormElement)) return true;
  for (const field of form.elements) {
    if (!field.willValidate || !field.required) continue;
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

document.addEventListener('input', event => {
  if (errors[event.target.name]) showError(event.target.name);
});
