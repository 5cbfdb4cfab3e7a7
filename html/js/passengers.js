// SPDX-License-Identifier: MIT
// Who travels, and whom to write to. What was typed stays in this tab, so that nothing is asked twice: not after a
// reload, not when a hold is begun again, and the ticket shows it although the server tells names only to those who
// prove that they may know them.

import { fieldErrors, showError } from './forms.js';
import { byId } from './html.js';
import { isChanged, it, may, phase } from './model.js';
import { settings, user } from './state.js';
import { recall, remember } from './store.js';

const KEY = 'persons';
const FIELDS = ['givenName', 'familyName', 'kind', 'assistance'];
const CONTACT = ['email', 'phone'];

let typed = parse(recall('sessionStorage', KEY));   // { orderId, passengers: [seated …, infants …], contact }

function parse(text) {
  const asText = value => (typeof value === 'string' ? value : '');
  const only = (names, from) => Object.fromEntries(names.map(name => [name, asText(Object(from)[name])]));
  try {
    const { orderId, passengers, contact } = Object(JSON.parse(text));
    return { orderId: asText(orderId), passengers: [].concat(passengers || []).map(each => only(FIELDS, each)), contact: only(CONTACT, contact) };
  } catch {
    return { orderId: '', passengers: [], contact: only(CONTACT) };
  }
}

function keep() {
  remember('sessionStorage', KEY, JSON.stringify(typed));
}

const isInfant = ({ kind }) => kind === 'infant';
const seated = passengers => passengers.filter(each => !isInfant(each));
const nameOf = ({ givenName, familyName }) => [givenName, familyName].filter(Boolean).join(' ');

// ---- what is wanted ------------------------------------------------------------------------------------

const asksConsent = () => Boolean(settings.termsUrl || settings.privacyUrl);
export const wantsPersons = () => Boolean(settings.passengers) || asksConsent();
const isRequired = () => settings.passengers === 'required';

// Names are asked for while seats are held, and for a seat that is added later again.
function isAnswered() {
  const { passengers = [], contact, consent, seats } = it.order;
  if (asksConsent() && !consent) return false;
  if (!settings.passengers || it.named === String(seats)) return true;
  return seated(passengers).length >= seats.length && Boolean(contact);
}

export const asksPersons = () => phase() === 'held' && may('passengers') && !isChanged() && (it.renames || !isAnswered());

// ---- the names that are known --------------------------------------------------------------------------

const mask = text => (text ? `${[...text][0]}…` : '');

// The server's names or, where it masks them, those that were typed here, if they are the same.
export function known() {
  const { orderId, passengers = [] } = it.order;
  const mine = typed.orderId === orderId ? [...seated(typed.passengers).filter(nameOf), ...typed.passengers.filter(isInfant)] : [];
  return passengers.map((each, i) => {
    const { givenName, familyName } = mine[i] || {};
    const isSame = mine[i] && mask(givenName) === (each.givenName || '') && mask(familyName) === (each.familyName || '');
    return isSame ? { ...each, givenName, familyName } : each;
  });
}

// Whoever has no seat any more and is no infant does not travel.
export const travelers = () => known().filter(each => each.seat || isInfant(each)).map(each => ({ id: each.id, name: nameOf(each), seat: each.seat || '', kind: each.kind, isInfant: isInfant(each) }));

// Seats go to the passengers in order. Whoever's seat is kept keeps it; with fewer seats, those whose seats are given up
// leave first. Returns the seats in that order, the ids of those who stay (none: all do), and the names of the others.
export function seating(chosen) {
  const all = travelers();
  const those = seated(all);
  const isFewer = those.length > chosen.length;
  const stay = isFewer ? new Set(those.filter(({ seat }) => chosen.includes(seat))) : new Set(those);
  for (const each of those) if (stay.size < chosen.length) stay.add(each);
  const staying = those.filter(each => stay.has(each));
  const free = chosen.filter(seat => !staying.some(each => each.seat === seat));
  const seats = those.length ? [...staying.map(({ seat }) => (chosen.includes(seat) ? seat : free.shift())), ...free] : chosen;
  const infants = all.filter(isInfant).slice(0, staying.length);
  return { seats, ids: isFewer ? [...staying, ...infants].map(({ id }) => id) : [], leaving: those.filter(each => !stay.has(each)).map(({ name }) => name) };
}

// ---- the cards -----------------------------------------------------------------------------------------

// Whoever has said a name already need not say it again.
function firstName() {
  const words = user.id.split(' ').filter(Boolean);
  return words.length > 1 ? { givenName: words.slice(0, -1).join(' '), familyName: words.at(-1) } : {};
}

const isMasked = text => text === '…' || /^.…$/u.test(text || '');
const unmasked = person => Object.fromEntries(Object.entries(person).filter(([, text]) => !isMasked(text)));

function rows() {
  const { orderId, seats } = it.order;
  const there = known();
  const isMine = typed.orderId === orderId || phase() === 'held';
  const all = isMine ? typed.passengers : [];
  const mine = there.length ? all.filter(nameOf) : all;
  const row = (old, each) => ({ ...unmasked(old || {}), ...(each && nameOf(each) ? each : {}), id: old?.id });
  const places = seats.map((seat, i) => ({ ...row(seated(there)[i], seated(mine)[i] || (i === 0 && !there.length && firstName())), seat }));
  const old = there.filter(isInfant);
  const infants = mine.some(isInfant) || !old.length ? mine.filter(isInfant) : old;
  return [...places, ...infants.map((each, i) => ({ ...row(old[i], each), kind: 'infant' }))];
}

function cardView(row, i) {
  const path = `passengers[${i}]`;
  const { errors, invalid } = fieldErrors();
  const field = name => ({ path: `${path}.${name}`, value: row[name] || '', error: errors[`${path}.${name}`], invalid: invalid[`${path}.${name}`] || 'false' });
  return {
    index: i, id: row.id || '', seat: row.seat, isInfant: isInfant(row), isChild: row.kind === 'child', assistance: row.assistance || '',
    given: field('givenName'), family: field('familyName'), isRequired: isRequired() || it.renames, section: i ? `section-passenger${i + 1} ` : '',
  };
}

function contactView() {
  const { errors, invalid } = fieldErrors();
  const old = unmasked(it.order.contact || {});
  const field = name => ({ value: typed.contact[name] || old[name] || '', error: errors[`contact.${name}`], invalid: invalid[`contact.${name}`] || 'false' });
  return { email: { ...field('email'), isRequired: isRequired() && !typed.contact.phone }, phone: field('phone') };
}

const language = () => /^[a-z]{2,3}(-[A-Z]{2})?/.exec(document.documentElement.lang)?.[0] || '';

export function personsView() {
  const { passengers, termsUrl, privacyUrl } = settings;
  const cards = passengers ? rows().map(cardView) : [];
  return {
    cards, hasContact: Boolean(passengers) && { ...contactView(), language: language() },
    mayAddInfant: Boolean(passengers) && cards.filter(card => card.isInfant).length < it.order.seats.length,
    consent: asksConsent() && !it.order.consent && { termsUrl, privacyUrl, isBoth: termsUrl && privacyUrl, error: fieldErrors().errors.consent },
    maySkip: passengers === 'optional' && !(asksConsent() && !it.order.consent) && !it.renames,
  };
}

// For a hold of so many seats that is begun again: its form carries what was typed for the one before.
export function again(seats) {
  if (!settings.passengers || typed.orderId !== it.order.orderId) return {};
  const persons = seated(typed.passengers).filter(nameOf).slice(0, seats);
  return { persons, contact: CONTACT.map(name => ({ name, value: typed.contact[name] })).filter(({ value }) => value) };
}

// ---- typing --------------------------------------------------------------------------------------------

function collect(form) {
  const values = name => [...form.querySelectorAll(`[name="${name}"]`)].map(field => field.value);
  const columns = FIELDS.map(values);
  const passengers = columns[0].map((_, i) => Object.fromEntries(FIELDS.map((name, n) => [name, columns[n][i] || ''])));
  typed = { orderId: it.order.orderId, passengers, contact: Object.fromEntries(CONTACT.map(name => [name, values(name)[0] || ''])) };
  keep();
}

for (const kind of ['input', 'change', 'submit']) {
  document.addEventListener(kind, ({ target }) => {
    const form = target.closest?.('#persons');
    if (!form) return;
    // One of the two is enough.
    const email = byId('contact-email');
    if (email && isRequired()) email.dataset.required = !byId('contact-phone').value.trim();
    collect(form);
  }, true);
}

export function addInfant() {
  collect(byId('persons'));
  typed.passengers.push({ givenName: '', familyName: '', kind: 'infant', assistance: '' });
  keep();
}

export function removeCard(index) {
  collect(byId('persons'));
  typed.passengers.splice(index, 1);
  keep();
}

// An answer may have the passengers in another order, or fewer of them; `before` is what was known of them.
export function carry(before) {
  const { orderId, passengers = [] } = it.order;
  const ids = list => String(list.map(({ id }) => id));
  if (!before.length || ids(before) === ids(passengers)) return;
  const named = passengers.map(each => before.find(({ id }) => id === each.id) || each);
  typed = { ...typed, orderId, passengers: named.map(each => Object.fromEntries(FIELDS.map(name => [name, each[name] || '']))) };
  keep();
}

// A new order of this tab takes over what was typed for the last one.
export function adopt() {
  typed.orderId = it.order.orderId;
  keep();
}

// Shows what the server says about single fields. Tells whether it could.
export const showFaults = faults => faults.slice().reverse().map(({ path, message }) => showError(path, message)).some(Boolean);
