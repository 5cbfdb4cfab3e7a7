// SPDX-License-Identifier: MIT
// The facts and fares of a flight as a form, and back: for one flight and for a season of them. A field's name is the
// place of its value in the API's flight, so that faults find their fields. (A field named "id" would hide the form's own.)

import { amountOf, minorOf } from './amount.js';
import { byId, put, render } from './html.js';
import { onOperator } from './ops-access.js';
import { ask } from './ops-ask.js';
import { showTyped } from './ops-faults.js';
import { nameOf, saidParts } from './ops-flight-words.js';

const CABINS = '/api/admin/cabins?limit=100';
const ALWAYS = ['window', 'aisle'];      // features that every cabin has
const RULES = 3;                         // the form offers at least as many lines of a refund rule

export const editing = { base: null, cabins: [], plan: null, typed: null };

const isSame = (cabin, { id, version }) => cabin?.id === id && (cabin.version === undefined || cabin.version === version);

// A flight keeps the version of its cabin; a newer one of the same cabin is a choice of its own.
function cabinChoices(chosen) {
  const { cabins, base } = editing;
  const kept = base?.cabin && !cabins.some(cabin => isSame(base.cabin, cabin)) ? [{ ...base.cabin, name: base.cabin.id }] : [];
  return [...kept, ...cabins].map(({ id, version, name, seatCount }) => ({
    value: `${id}/${version}`, isChosen: chosen === `${id}/${version}`,
    label: `${name} (${id}, version ${version}${seatCount ? `, ${seatCount} seats` : ''})`,
  }));
}

const cabinValue = cabin => (cabin ? `${cabin.id}/${cabin.version}` : '');

// `typed` is what was in the form when another member of staff was first.
export function begin(base, typed = null) {
  Object.assign(editing, { base, plan: null, typed });
  if (base?.cabin) askPlan(cabinValue(base.cabin));
}

function askPlan(value) {
  const [id, version] = value.split('/');
  if (id) ask('plan', `/api/admin/cabins/${encodeURIComponent(id)}?version=${version}`);
}

export function view() {
  const { base } = editing;
  const currency = base?.currency || 'EUR';
  const rule = base?.refundRule || [];
  return {
    ...base, currency, departs: saidParts(base?.departure), arrives: saidParts(base?.arrival),
    cabins: cabinChoices(cabinValue(base?.cabin)), tax: base?.taxPercent || '',
    rules: Array.from({ length: Math.max(RULES, rule.length) }, (_, index) => ({
      index, number: index + 1, until: rule[index]?.until, feePercent: rule[index]?.feePercent || '',
      fee: rule[index]?.feeCents ? amountOf(rule[index].feeCents, currency) : '',
    })),
  };
}

// ---- fares: as many as the cabin has classes ------------------------------------------------------------

function faresView() {
  const { base, plan } = editing;
  const form = byId('flight-form');
  const typed = name => form.elements[name]?.value;
  const known = (amounts, name) => (amounts?.[name] === undefined ? '' : amountOf(amounts[name], base.currency));
  const { classes, features } = kindsOf(plan);
  const line = (group, name) => ({ path: `${group}.${name}`, name: nameOf(name), value: typed(`${group}.${name}`) ?? known(base?.[group], name) });
  return {
    fares: classes.map(name => line('fares', name)), surcharges: features.map(name => line('surcharges', name)),
  };
}

export function kindsOf(plan) {
  const sections = plan?.sections || [];
  const features = sections.flatMap(section => Object.keys(section.features || {}));
  return { classes: [...new Set(sections.map(section => section.class))], features: [...new Set([...features, ...ALWAYS])] };
}

onOperator('ops-plan', plan => {
  editing.plan = plan;
  if (!byId('fares')) return;
  put(byId('fares'), render('fares', faresView()), 'innerHTML');
  if (editing.typed) showTyped(byId('flight-form'), editing.typed);
  editing.typed = null;
});

onOperator('ops-cabin-choices', ({ cabins, nextCursor }) => {
  editing.cabins.push(...cabins);
  if (nextCursor) ask('cabin-choices', `${CABINS}&cursor=${nextCursor}`);
  const field = byId('flight-form')?.elements.cabin;
  if (!field) return;
  const chosen = field.value || cabinValue(editing.base?.cabin);
  put(field, render('cabin-choices', { cabins: cabinChoices(chosen) }), 'innerHTML');
  field.value = chosen;
});

// More places than fit into one answer are offered as they are typed. Either field has a question of its own.
const PLACES = '/api/admin/places?limit=100';
const places = { isAll: false, known: new Map(), typing: {} };

function offer(found) {
  for (const place of found) places.known.set(place.code, place);
  if (byId('known-places')) put(byId('known-places'), render('place-choices', { places: [...places.known.values()] }), 'innerHTML');
}

onOperator('ops-place-choices', ({ places: found, nextCursor }) => {
  places.isAll = !nextCursor;
  offer(found);
});
for (const name of ['origin', 'destination']) onOperator(`ops-place-choices-${name}`, ({ places: found }) => offer(found));

document.addEventListener('input', ({ target: { name, value, list } }) => {
  if (places.isAll || list?.id !== 'known-places') return;
  clearTimeout(places.typing[name]);
  places.typing[name] = setTimeout(() => ask(`place-choices-${name}`, `${PLACES}&q=${encodeURIComponent(value.trim())}`), 200);
});

export function askChoices() {
  editing.cabins = [];
  ask('cabin-choices', CABINS);
  ask('place-choices', PLACES);
}

document.addEventListener('change', ({ target }) => {
  if (target.form?.id === 'flight-form' && target.name === 'cabin') askPlan(target.value);
});

// ---- from the form to the flight -------------------------------------------------------------------------

const reader = form => {
  const faults = [];
  const text = name => form.elements[name]?.value.trim() ?? '';
  const currency = text('currency').toUpperCase();
  const amount = name => {
    const minor = minorOf(text(name), currency);
    if (minor === null) faults.push({ path: name, message: `Enter an amount in ${currency || 'the currency'}, such as ${amountOf(12900, currency)}.` });
    return minor;
  };
  const amounts = group => Object.fromEntries([...form.elements].filter(({ name, value }) => name?.startsWith(`${group}.`) && value.trim())
    .map(({ name }) => [name.slice(group.length + 1), amount(name)]));
  const number = name => {
    const found = /^(\d{1,3})(?:[.,](\d{1,2}))?$/.exec(text(name));
    if (text(name) && !found) faults.push({ path: name, message: 'Enter a number of percent, such as 19 or 5.5.' });
    return found ? Number(`${found[1]}.${found[2] || 0}`) : 0;
  };
  const need = (name, message, path = name) => {
    if (!text(name)) faults.push({ path, message });
    return text(name);
  };
  return { faults, text, currency, amount, amounts, number, need };
};

function ruleOf(form, { text, number, amount }) {
  const lines = [...form.elements].map(({ name }) => /^(refundRule\[\d+\])\.until$/.exec(name)?.[1]);
  return lines.filter(line => line && text(`${line}.until`)).map(line => ({
    until: text(`${line}.until`), feePercent: number(`${line}.feePercent`), feeCents: text(`${line}.feeCents`) ? amount(`${line}.feeCents`) : 0,
  }));
}

// What one flight and a season have in common. Returns { flight, faults, read }.
export function readCommon(form) {
  const read = reader(form);
  const { text, need, amounts, number, currency, faults } = read;
  const [id, version] = need('cabin', 'Choose a cabin. Those that there are stand under Cabins.').split('/');
  const flight = {
    flightNumber: need('flightNumber', 'Enter the number that customers know, such as LH123.').toUpperCase(), cabin: { id, version: Number(version) },
    origin: need('origin', 'Enter the code of a place.').toUpperCase(), destination: need('destination', 'Enter the code of a place.').toUpperCase(),
    currency, fares: amounts('fares'), surcharges: amounts('surcharges'), taxPercent: number('taxPercent'),
    salesOpens: text('salesOpens') || null, salesCloses: text('salesCloses') || null,
  };
  if (!/^[A-Z]{3}$/.test(currency)) faults.push({ path: 'currency', message: 'Enter the three letters of a currency, such as EUR.' });
  for (const { name, value } of form.elements) if (name?.startsWith('fares.') && !value.trim()) faults.push({ path: name, message: 'Enter what this class costs.' });
  const rule = ruleOf(form, read);
  flight.refundRule = rule.length ? rule : null;
  return { flight, faults, read };
}

// An untouched time goes back as it came, with the seconds and the offset that it has.
function when({ text, faults }, name, base) {
  const [day, time, offset] = ['day', 'time', 'offset'].map(part => text(`${name}.${part}`));
  if (!day && !time && name === 'arrival') return null;
  if (!day || !time) faults.push({ path: name, message: 'Enter a day and a time.' });
  const was = saidParts(base);
  return was.day === day && was.time === time && was.offset === offset ? base : `${day}T${time}${offset}`;
}

export function readFlight(form) {
  const { flight, faults, read } = readCommon(form);
  const id = form.elements.newId ? read.need('newId', 'Enter an id: letters, digits, dots and hyphens.', 'id') : editing.base.id;
  const isNew = Boolean(form.elements.newId);
  Object.assign(flight, {
    departure: when(read, 'departure', isNew ? '' : editing.base?.departure), arrival: when(read, 'arrival', isNew ? '' : editing.base?.arrival),
  });
  return { id, flight, faults };
}
