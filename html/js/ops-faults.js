// SPDX-License-Identifier: MIT
// Says beside the fields of a form what is wrong with it, and who was first when two members of staff change one thing.
//
// The API names each fault's place: "fares.economy", "sections[1].rows". A field has that place as its name; the line
// below it has the id "fares.economy-error". A fault without a line of its own is said at the nearest place around it,
// and otherwise above the form.

import { byId, focusHeading, put, render } from './html.js';
import { onOperator } from './ops-access.js';
import { ask } from './ops-ask.js';
import { changeView } from './ops-words.js';

const around = path => path.replace(/(\.[^.[]*|\[\d+\])$/, '');

function lineOf(path) {
  for (let at = path; ; at = around(at)) {
    if (byId(`${at}-error`)) return byId(`${at}-error`);
    if (around(at) === at) return null;
  }
}

const fieldOf = line => document.querySelector(`#main [aria-describedby~="${CSS.escape(line.id)}"]`);

export function clearFaults(form) {
  for (const line of form.querySelectorAll('.error')) line.textContent = '';
  for (const field of form.querySelectorAll('[aria-invalid="true"]')) field.setAttribute('aria-invalid', 'false');
}

// Returns how many there were. The focus goes to the first.
export function showFaults(form, faults) {
  clearFaults(form);
  const lines = faults.map(({ path = '', message }) => {
    const line = lineOf(path) || byId('form-error');
    if (line && !line.textContent.includes(message)) line.textContent = [line.textContent, message].filter(Boolean).join(' ');
    return line;
  });
  const [first] = [...form.querySelectorAll('.error:not(:empty)')];
  for (const line of lines) if (line && fieldOf(line)) fieldOf(line).setAttribute('aria-invalid', 'true');
  if (first) (fieldOf(first) || first.closest('fieldset')?.querySelector('input') || first).focus();
  return faults.length;
}

// Something new is kept under an id that stands in the address of its request. Says what is wrong with such an id before
// the request is sent, and tells whether that was so.
export function refuseId(event, path, id, pattern, message) {
  if (pattern.test(id)) return false;
  event.preventDefault();
  event.stopImmediatePropagation();
  showFaults(event.target, [{ path, message }]);
  return true;
}

// What a refusal says of fields: several faults, one field, or neither.
export const faultsOf = ({ faults, field, message }) => (faults?.length ? faults : [{ path: field || '', message }]);

// A field that is being mended is no longer wrong.
document.addEventListener('input', ({ target }) => {
  if (target.getAttribute?.('aria-invalid') !== 'true') return;
  target.setAttribute('aria-invalid', 'false');
  for (const id of (target.getAttribute('aria-describedby') || '').split(' ')) {
    if (id.endsWith('-error')) byId(id).textContent = '';
  }
});

// ---- two at once ---------------------------------------------------------------------------------------

// Asks who changed this object last, and says so at the place "first".
export function sayWhoWasFirst(id) {
  ask('first', `/api/admin/audit?object=${encodeURIComponent(id)}&limit=1`);
}

onOperator('ops-first', ({ entries }) => {
  if (!byId('first')) return;
  put(byId('first'), render('first', entries.length ? changeView(entries[0]) : { who: 'Somebody else', at: '' }), 'innerHTML');
  focusHeading(byId('first'));
});

// What was entered: the fields that are not as the form came.
export const typedIn = form => [...form.elements].filter(field => field.name && field.defaultValue !== undefined && field.value !== field.defaultValue)
  .map(({ name, value }) => [name, value]);

// Says beside each field what was entered there, where the new state differs.
export function showTyped(form, typed) {
  for (const [name, value] of typed) {
    const field = form.elements[name];
    const line = byId(`${name}-error`);
    if (line && field && field.value !== value) line.textContent = `You had entered: ${value || 'nothing'}`;
  }
}
