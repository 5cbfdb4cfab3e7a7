// SPDX-License-Identifier: MIT
// What the days around the one that is searched cost, where the search says from where to where.

import { onAnswer } from './answers.js';
import { dayInWords, money } from './format.js';
import { byId, put, render } from './html.js';
import { parameters } from './router.js';
import { words } from './words.js';
import htmx from '../vendor/htmx.js';

const DAYS = 7;
const BEFORE = 3;

let asked = '';              // for which search the days on screen are
let from = '';

const plus = (day, days) => {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
};
const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10);
const later = (a, b) => (a > b ? a : b);

// Called with the search whose flights are on screen, and the day of the first of them. The days shown stay as long as the
// chosen one is among them.
export function askPrices(search, first) {
  const place = byId('days');
  if (!place) return;
  const route = new URLSearchParams([...search].filter(([name]) => name !== 'date'));
  const day = search.get('date');
  place.dataset.route = route.has('origin') && route.has('destination');
  if (!route.has('origin') || !route.has('destination')) {
    asked = '';
    return put(place, '');
  }
  const isShown = asked === String(route) && from && place.childElementCount && (!day || day >= from && day < plus(from, DAYS));
  if (isShown) return put(place, paint());
  asked = String(route);
  return ask(day ? plus(day, -BEFORE) : first || today());
}

function ask(day) {
  from = later(today(), day);
  const place = byId('days');
  place.setAttribute('hx-get', `/api/prices?${asked}&from=${from}&days=${DAYS}`);
  htmx.trigger(place, 'ask');
}

let found = [];

function paint() {
  const chosen = parameters().get('date');
  const lowest = Math.min(...found.map(day => day.lowestPriceCents));
  const isOne = new Set(found.map(day => day.currency)).size === 1;
  const route = new URLSearchParams(asked);
  const sort = parameters().get('sort');
  const days = Array.from({ length: DAYS }, (_, i) => plus(from, i)).map(date => {
    const prices = found.filter(day => day.date === date);
    const address = new URLSearchParams([...route, ['date', date], ...(sort ? [['sort', sort]] : [])]);
    return {
      date, label: dayInWords(date), url: `/?${address}`, here: date === chosen ? 'date' : 'false',
      price: prices.map(day => money(day.lowestPriceCents, day.currency)).join(' · '), none: !prices.length,
      cheapest: isOne && found.length > 1 && prices.some(day => day.lowestPriceCents === lowest),
    };
  });
  return render('days', { days, isFirst: from <= today() });
}

onAnswer('prices', ({ days }) => {
  found = days;
  return paint();
}, { settled: showChosen, refused: () => put(byId('days'), '') });

// Where not all days fit beside each other.
function showChosen() {
  const days = document.querySelector('#days ul');
  const here = days?.querySelector('[aria-current="date"]');
  if (here) days.scrollLeft = here.offsetLeft - (days.clientWidth - here.offsetWidth) / 2 - days.offsetLeft;
}

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('#days-before, #days-after');
  if (button && button.getAttribute('aria-disabled') !== 'true') ask(plus(from, button.id === 'days-after' ? DAYS : -DAYS));
});
