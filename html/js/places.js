// SPDX-License-Identifier: MIT
// The places between which flights go, for the search: they are offered by code, name and city while one is typed, and the
// list says the cities. An operator may have more places than fit into one answer. Then those are offered that begin as
// typed, and the places of the listed flights are asked for by their codes.

import { onAnswer } from './answers.js';
import { repaint } from './flights.js';
import { byId, render } from './html.js';
import htmx from '../vendor/htmx.js';

const WAIT_MS = 200;
const MOST_CODES = 100;      // in one question

let isAll = null;            // whether every place is known; null before the first answer
let listed = [];             // the codes that the listed flights have
let asked = new Set();       // the codes that this screen has asked for
const typing = {};           // field → its timer
const known = new Map();     // code → { code, name, city }; undefined where there is no such place

export const cityOf = code => known.get(code)?.city || '';

// A city with several airports can be meant as a whole.
function offer() {
  const places = [...known.values()].filter(Boolean);
  const cities = new Map();
  for (const { city } of places) cities.set(city, (cities.get(city) || 0) + 1);
  const options = [
    ...[...cities].filter(([, count]) => count > 1).map(([city]) => new Option(city, city)),
    ...places.map(({ code, name, city }) => new Option(name.includes(city) ? name : `${city}, ${name}`, cities.get(city) > 1 ? code : city)),
  ];
  // They are the operator's names.
  for (const option of options) option.translate = false;
  for (const id of ['origins', 'destinations']) byId(id)?.replaceChildren(...options.map(option => option.cloneNode(true)));
}

// Each question has an element of its own, so that none takes back another but the one of the same id.
function ask(id, query) {
  byId(id)?.remove();
  byId('more-places')?.insertAdjacentHTML('beforeend', render('ask-places', { id, query: new URLSearchParams({ limit: 100, ...query }) }));
  if (byId(id)) htmx.process(byId(id));
}

function askForListed() {
  if (isAll !== false) return;
  const codes = [...new Set(listed)].filter(code => !known.has(code) && !asked.has(code)).sort().slice(0, MOST_CODES);
  if (!codes.length) return;
  for (const code of codes) asked.add(code);
  ask(`places-${codes[0]}`, { codes });
}

// What that element asks for by code.
const codesOf = element => new URLSearchParams(element.getAttribute('hx-get').split('?')[1]).get('codes')?.split(',') || [];

// Called with the flights that are listed.
export function learn(flights) {
  listed = flights.flatMap(({ origin, destination }) => [origin, destination]);
  askForListed();
}

onAnswer('places', ({ places, nextCursor }, { element }) => {
  if (element.id === 'ask-places') isAll = !nextCursor;
  const before = known.size;
  for (const code of codesOf(element)) known.set(code, undefined);
  for (const place of places) known.set(place.code, place);
  offer();
  if (known.size > before) repaint();
  askForListed();
  return null;
}, {
  // The city of a code does not change from one visit to the next.
  keeps: element => codesOf(element).length > 0,
  // What another visit of the screen had asked may never have been answered.
  before(element) {
    if (element.id === 'ask-places') asked = new Set();
  },
  refused() {
    isAll ??= false;
    askForListed();
  },
});

document.addEventListener('input', ({ target }) => {
  if (isAll || !target.matches?.('#search [list]')) return;
  clearTimeout(typing[target.name]);
  typing[target.name] = setTimeout(() => ask(`places-like-${target.name}`, { q: target.value.trim() }), WAIT_MS);
});
