// SPDX-License-Identifier: MIT
// The staff with tokens: adds, changes roles, replaces and revokes tokens. A new token is on screen once, until it is
// hidden or the screen is left, and nowhere else.

import htmx from '../vendor/htmx.js';
import { showError } from './forms.js';
import { byId, focusHeading, put, render } from './html.js';
import { ROLES, onOperator, tell } from './ops-access.js';
import { at } from './ops-words.js';
import { onAddress } from './router.js';

const DO = {
  viewer: 'read everything here, and change nothing', agent: 'read everything, and cancel orders for customers',
  operator: 'cancel orders, and pause, retry and release jobs', admin: 'do everything, and add or remove staff like you',
};

let staff = [];
const chosen = new Map();    // id → the role that was chosen, and not sent yet

onAddress('staff', () => {
  document.title = 'Staff · Operations';
  staff = [];
  chosen.clear();
  put(byId('main'), render('view-staff', { roles: ROLES }), 'innerHTML');
});

function view({ id, name, role, createdAt, revokedAt }) {
  const wanted = chosen.get(String(id)) || role;
  const known = name || 'a forgotten name';
  return {
    id, name: known, isValid: !revokedAt, label: revokedAt ? 'revoked' : role, tone: revokedAt ? '' : 'open',
    since: revokedAt ? `Had the role ${role} from ${at(createdAt)} to ${at(revokedAt)} UTC.` : `Has this token since ${at(createdAt)} UTC.`,
    roleText: `From the next request on, ${known} may ${DO[wanted]}. The token stays.`,
    revokeText: `Whatever ${known} sends is refused from the next request on. The history keeps the name.`,
    roles: ROLES.map(one => ({ role: one, isTheirs: one === wanted })),
  };
}

const list = () => render('staff', { none: !staff.length, staff: staff.map(view) });

onOperator('ops-staff', answer => {
  // Those who may do something come first.
  staff = [...answer.staff].sort((a, b) => Boolean(a.revokedAt) - Boolean(b.revokedAt));
  return list();
});

const ask = () => htmx.trigger(byId('staff'), 'refresh');

onOperator('ops-token', ({ id, name, role, token }, { element }) => {
  const isNew = element.id === 'add-staff';
  if (isNew) byId('staff-name').value = '';
  chosen.delete(String(id));
  put(byId('fresh'), render('fresh-token', { name, role, token }), 'innerHTML');
  focusHeading(byId('fresh'));
  tell(isNew ? `${name} is added.` : `${name} has a new token; the old one is refused.`);
  ask();
}, {
  refused: ({ field, error, message }) => {
    const isTheName = error === 'NAME_TAKEN' || field === 'name';
    if (!isTheName || !showError('name', message)) tell(message, 'bad');
  },
});

onOperator('ops-role', ({ id, name, role }) => {
  chosen.delete(String(id));
  tell(`${name} is ${/^[ao]/.test(role) ? 'an' : 'a'} ${role} now.`);
  ask();
});

onOperator('ops-revoked', ({ name }) => {
  tell(`The token of ${name} is revoked.`);
  ask();
});

document.addEventListener('change', ({ target }) => {
  const id = target.form?.id.startsWith('role-form-') && target.form.id.slice('role-form-'.length);
  if (!id) return;
  chosen.set(id, target.value);
  put(byId('staff'), list());
});

// Without TLS, browsers keep the clipboard from all sites but those of this machine.
async function copy() {
  const field = byId('fresh-token');
  field.focus();
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    byId('copied').textContent = 'Copied.';
  } catch {
    byId('copied').textContent = 'This browser does not let the page copy. The token is selected: press Ctrl+C.';
  }
}

document.addEventListener('click', ({ target }) => {
  if (target.id === 'copy-token') copy();
  if (target.id !== 'hide-token') return;
  put(byId('fresh'), '', 'innerHTML');
  byId('staff-name').focus();
});
