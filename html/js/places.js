// SPDX-License-Identifier: MIT
// The places between which flights go, for the search: they are offered by code, name and city while one is typed, and the
// list says the cities. An operator with more places than fit into one answer has those offered that begin as typed.

import { onAnswer } from './answers.js';
import { repaint } from './flights.js';
import { byId } from './html.js';
import htmx from '../vendor/htmx.js';

const WAIT_MS = 200;

let hasMore = false;
let typing = 0;
const known = new Map();     // code → { code, name, city }

export const cityOf = code => known.get(code)?.city || '';

// A city with several airports can be meant as a whole.
function offer() {
  const cities = new Map();
  for (const { city } of known.values()) cities.set(city, (cities.get(city) || 0) + 1);
  const options = [
    ...[...cities].filter(([, count]) => count > 1).map(([city]) => new Option(city, city)),
    ...[...known.values()].map(({ code, name, city }) => new Option(name.includes(city) ? name : `${city}, ${name}`, cities.get(city) > 1 ? code : city)),
  ];
  // They are the operator's names.
  for (const option of options) option.translate = false;
  for (const id of ['origins', 'destinations']) byId(id)?.replaceChildren(...options.map(option => option.cloneNode(true)));
}

onAnswer('places', ({ places, nextCursor }) => {
  hasMore ||= Boolean(nextCursor);
  const before = known.size;
  for (const place of places) known.set(place.code, place);
  offer();
  if (known.size > before) repaint();
  return null;
}, { refused: () => {} });

document.addEventListener('input', ({ target }) => {
  if (!hasMore || !target.matches?.('#search [list]')) return;
  clearTimeout(typing);
  typing = setTimeout(() => {
    const ask = byId('ask-places');
    ask?.setAttribute('hx-get', `/api/places?${new URLSearchParams({ limit: 100, q: target.value.trim() })}`);
    if (ask) htmx.trigger(ask, 'ask');
  }, WAIT_MS);
});
