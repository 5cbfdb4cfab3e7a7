// SPDX-License-Identifier: MIT
// The list of flights, by day. The address holds the search, how the days are sorted and how many flights are shown.

import { onAnswer } from './answers.js';
import { dayOf, departure, money } from './format.js';
import { byId, put, render } from './html.js';
import { cityOf, learn } from './places.js';
import { askPrices } from './prices.js';
import { onAddress, parameters, rename, visit } from './router.js';
import { begin, foldUp, unfolded } from './unfold.js';
import { words } from './words.js';

const FIELDS = ['origin', 'destination', 'date'];

let search = new URLSearchParams();   // the submitted search
let flights = [];                     // all that are shown
let cursor = null;
let first = null;                     // the id of the first card of the last page

// Where seats have several prices, the lowest that is left.
const lowestOf = ({ lowestPriceCents, priceCents }) => lowestPriceCents ?? priceCents;
const priceOf = flight => {
  const price = money(lowestOf(flight), flight.currency);
  return flight.classes.length > 1 || lowestOf(flight) !== flight.priceCents ? words('flights.price-from', { price }) : price;
};

const card = flight => ({
  ...flight, ...departure(flight), originCity: cityOf(flight.origin), destinationCity: cityOf(flight.destination),
  url: `/?flight=${encodeURIComponent(flight.id)}`,
  price: priceOf(flight),
  seatsLeft: flight.availableSeats ? words('flights.left', { count: flight.availableSeats }) : words('flights.full'),
  seatsTone: flight.availableSeats === 0 ? 'muted' : flight.availableSeats < 10 ? 'few' : '',
});

const isByPrice = () => parameters().get('sort') === 'price';

// Flights of which no seat is left come last.
const byPrice = (a, b) => (a.lowestPriceCents === null) - (b.lowestPriceCents === null) || a.currency.localeCompare(b.currency) || lowestOf(a) - lowestOf(b);

// The API has them by departure, so a day is whole once a flight of a later one is there.
function days() {
  const found = new Map();
  for (const each of flights.map(card)) found.set(each.date, [...(found.get(each.date) || []), each]);
  return [...found].map(([date, list]) => ({ date, id: list[0].id, flights: isByPrice() ? list.sort(byPrice) : list }));
}

function list() {
  const more = new URLSearchParams([...search, ['cursor', cursor]]);
  return render('flights', {
    days: days(), none: !flights.length, more: cursor && `/api/flights?${more}`, isByPrice: isByPrice(),
    count: cursor ? words('page.flights') : words('flights.count', { count: flights.length }),
  });
}

const fieldsOf = source => new URLSearchParams(FIELDS.map(name => [name, source.get(name)]).filter(([, value]) => value));
const unfold = () => unfolded(byId('flight-list'), document.querySelector('#more-flights button'), first);

onAnswer('flights', answer => {
  first = null;
  ({ flights, nextCursor: cursor } = answer);
  learn(flights);
  askPrices(search, flights[0] && dayOf(flights[0].departureTime, flights[0].originTimeZone));
  return list();
}, {
  before(form, request) {
    search = fieldsOf(new URL(request.action, location).searchParams);
    if (String(search) === String(fieldsOf(parameters()))) return;
    foldUp();
    const sort = isByPrice() ? [['sort', 'price']] : [];
    const address = String(new URLSearchParams([...search, ...sort]));
    visit(address ? `/?${address}` : '/');
  },
  refused: problem => put(byId('flights'), render('notices', { notice: { tone: 'bad', text: problem.message } })),
  settled: unfold,
});

onAnswer('more-flights', answer => {
  first = answer.flights.length ? `flight-${answer.flights[0].id}` : null;
  flights = [...flights, ...answer.flights];
  learn(flights);
  cursor = answer.nextCursor;
  return list();
}, {
  refused: problem => put(byId('more-flights'), render('notices', { notice: { tone: 'bad', text: problem.message } })),
  settled: unfold,
});

onAddress(null, () => {
  document.title = words('page.flights');
  begin();
  const given = Object.fromEntries(fieldsOf(parameters()));
  put(byId('main'), render('view-flights', { ...given, isRoute: Boolean(given.origin && given.destination) }), 'innerHTML');
});

export function repaint() {
  if (byId('flight-list') || byId('sort')) put(byId('flights'), list());
}

document.addEventListener('change', ({ target }) => {
  if (target.id !== 'sort') return;
  const address = parameters();
  if (target.value === 'price') address.set('sort', 'price');
  else address.delete('sort');
  rename(`/${String(address) && '?'}${address}`);
  repaint();
});

document.addEventListener('click', event => {
  if (event.target.id !== 'clear-search') return;
  const { elements } = byId('search');
  // Not reset(): that would bring back the search from the address.
  for (const name of FIELDS) elements[name].value = '';
  byId('search').requestSubmit();
  elements.origin.focus();
});
