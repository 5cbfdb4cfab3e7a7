// SPDX-License-Identifier: MIT
// The list of flights. The address holds the search and how many flights are shown.

import { onAnswer } from './answers.js';
import { departure, money, plural } from './format.js';
import { byId, put, render } from './html.js';
import { onAddress, parameters, visit } from './router.js';
import { begin, foldUp, unfolded } from './unfold.js';

const FIELDS = ['origin', 'destination', 'date'];

let search = new URLSearchParams();   // the submitted search
let first = null;                     // the id of the first card of the last page

const card = flight => ({
  ...flight, ...departure(flight),
  url: `/?flight=${encodeURIComponent(flight.id)}`,
  price: money(flight.priceCents, flight.currency),
  seatsLeft: flight.availableSeats ? `${plural(flight.availableSeats, 'seat')} left` : 'Fully booked',
  seatsTone: flight.availableSeats === 0 ? 'muted' : flight.availableSeats < 10 ? 'few' : '',
});

function cards({ flights, nextCursor }) {
  suggest(flights);
  const more = new URLSearchParams([...search, ['cursor', nextCursor]]);
  return { flights: flights.map(card), more: nextCursor && `/api/flights?${more}` };
}

// Offers the places seen so far in the search form.
function suggest(flights) {
  for (const [list, end] of [['origins', 'origin'], ['destinations', 'destination']]) {
    const place = byId(list);
    const known = new Set([...place.options].map(option => option.value));
    for (const flight of flights) {
      if (known.has(flight[end])) continue;
      known.add(flight[end]);
      place.append(new Option(flight[end], flight[end]));
    }
  }
}

const fieldsOf = source => new URLSearchParams(FIELDS.map(name => [name, source.get(name)]).filter(([, value]) => value));
const unfold = () => unfolded(byId('flight-list'), document.querySelector('#more-flights button'), first);

onAnswer('flights', answer => {
  first = null;
  return render('flights', {
    ...cards(answer), none: !answer.flights.length,
    count: answer.nextCursor ? 'Flights' : plural(answer.flights.length, 'flight'),
  });
}, {
  before(form, request) {
    search = fieldsOf(new URL(request.action, location).searchParams);
    if (String(search) === String(fieldsOf(parameters()))) return;
    foldUp();
    visit(String(search) ? `/?${search}` : '/');
  },
  refused: problem => put(byId('flights'), render('notices', { notice: { tone: 'bad', text: problem.message } })),
  settled: unfold,
});

onAnswer('more-flights', answer => {
  first = answer.flights.length ? `flight-${answer.flights[0].id}` : null;
  return render('flight-cards', cards(answer));
}, {
  refused: problem => put(byId('more-flights'), render('notices', { notice: { tone: 'bad', text: problem.message } })),
  settled: unfold,
});

onAddress(null, () => {
  document.title = 'Flights';
  begin();
  put(byId('main'), render('view-flights', Object.fromEntries(fieldsOf(parameters()))), 'innerHTML');
});

document.addEventListener('click', event => {
  if (event.target.id !== 'clear-search') return;
  const { elements } = byId('search');
  // Not reset(): that would bring back the search from the address.
  for (const name of FIELDS) elements[name].value = '';
  byId('search').requestSubmit();
  elements.origin.focus();
});
