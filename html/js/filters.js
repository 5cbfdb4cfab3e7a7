// SPDX-License-Identifier: MIT
// Which seats a customer looks for: of a class, by the window, with a feature, of a price. The others stay where they are,
// paler. Only what tells this cabin's seats apart is offered.

import * as cabin from './cabin.js';
import { money } from './format.js';
import { byId, put, render } from './html.js';
import { it } from './model.js';
import { say } from './say.js';
import { named, words } from './words.js';

const TIERS_MOST = 6;

let tiers = [];              // the prices, the lowest first
let groups = [];             // [{ name, values: [{ value, label, tier }] }]; a seat fits if it has a chosen value of each group
let chosen = new Map();      // name of the group → Set of values

const kinds = () => cabin.all().map(cabin.kindOf);
const distinct = values => [...new Set(values)];

// The lowest price is the first tier. A cabin with one price has none, and one with many has no use for them.
const prices = () => {
  const all = cabin.hasPrices() ? distinct(cabin.all().map(cabin.priceOf)).filter(Number.isFinite).sort((a, b) => a - b) : [];
  return all.length > 1 && all.length <= TIERS_MOST ? all : [];
};

export const tierOf = id => tiers.indexOf(cabin.priceOf(id)) + 1;

const LABELS = { class: value => named('class', value), place: value => words(`seat.${value}`), feature: value => (value === 'exit' ? words('seat.exit-row') : named('feature', value)) };

function group(name, values) {
  return values.length > 1 || name === 'feature' && values.length ? [{ name, values: values.map(value => ({ value, label: LABELS[name](value) })) }] : [];
}

// Called when another flight is on screen.
export function begin() {
  chosen = new Map();
  offer();
}

function offer() {
  const all = kinds();
  tiers = prices();
  groups = [
    ...group('class', distinct(all.map(kind => kind.class)).filter(Boolean)),
    ...group('place', ['window', 'aisle'].filter(value => all.some(({ place }) => place === value))),
    ...group('feature', distinct(all.flatMap(({ features }) => features))),
    ...(tiers.length ? [{ name: 'price', values: tiers.map((value, i) => ({ value: String(value), label: money(value, it.flight.currency), tier: i + 1 })) }] : []),
  ];
}

const isChosen = (name, value) => Boolean(chosen.get(name)?.has(value));

function fits(id) {
  const kind = cabin.kindOf(id);
  const has = { class: value => kind.class === value, place: value => kind.place === value, feature: value => kind.features.includes(value), price: value => String(cabin.priceOf(id)) === value };
  return [...chosen].every(([name, values]) => !values.size || [...values].some(has[name]));
}

const isOn = () => [...chosen.values()].some(values => values.size);
// The class that is looked for, if it is one alone.
export function onlyClass() {
  const [one, ...others] = chosen.get('class') || [];
  return others.length ? undefined : one;
}

export const isPale = id => isOn() && !fits(id);

export function paint() {
  const place = byId('filter-place');
  if (!place) return;
  if (String(tiers) !== String(prices())) offer();
  const view = groups.map(({ name, values }) => ({
    name, label: words(`filter.${name}`), values: values.map(each => ({ ...each, group: name, on: isChosen(name, each.value) })),
  }));
  put(place, groups.length ? render('filters', { groups: view, on: isOn() }) : '');
  put(byId('tiers'), render('tiers', { tiers: groups.find(({ name }) => name === 'price')?.values || [] }));
}

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('#filter-place button');
  if (!button) return;
  const { group: name, value } = button.dataset;
  if (!name) chosen = new Map();
  else {
    const values = chosen.get(name) || new Set();
    if (!values.delete(value)) values.add(value);
    chosen.set(name, values);
  }
  paint();
  cabin.paint();
  const count = cabin.all().filter(id => cabin.statusOf(id) === 'AVAILABLE' && fits(id)).length;
  byId('filter-count').textContent = isOn() ? words('filter.found', { count }) : '';
  if (isOn()) say(words('filter.found', { count }));
});
