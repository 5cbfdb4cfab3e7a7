// The list of flights.

import { onAnswer } from './answers.js';
import { departure, money, plural } from './format.js';
import { byId, put, render } from './html.js';
import { onAddress } from './router.js';

const card = flight => ({
  ...flight, ...departure(flight),
  url: `/?flight=${encodeURIComponent(flight.id)}`,
  price: money(flight.priceCents, flight.currency),
  seatsLeft: flight.availableSeats ? `${plural(flight.availableSeats, 'seat')} left` : 'Fully booked',
  seatsTone: flight.availableSeats === 0 ? 'muted' : flight.availableSeats < 10 ? 'few' : '',
});

function cards({ flights, nextCursor }) {
  const more = new URLSearchParams(new FormData(byId('search')));
  for (const [name, value] of [...more]) if (!value) more.delete(name);
  more.set('cursor', nextCursor);
  suggest(flights);
  return { flights: flights.map(card), more: nextCursor && `/api/flights?${more}` };
}

// Places seen so far are offered in the search form.
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

onAnswer('flights', answer => render('flights', {
  ...cards(answer), none: !answer.flights.length,
  count: answer.nextCursor ? 'Flights' : plural(answer.flights.length, 'flight'),
}), { refused: problem => put(byId('flights'), render('notices', { notice: { tone: 'bad', text: problem.message } })) });

onAnswer('more-flights', answer => render('flight-cards', cards(answer)));

onAddress(null, () => {
  document.title = 'Flights';
  put(byId('main'), render('view-flights', {}), 'innerHTML');
});

document.addEventListener('click', event => {
  if (event.target.id !== 'clear-search') return;
  byId('search').reset();
  byId('search').requestSubmit();
  byId('search').elements.origin.focus();
});
