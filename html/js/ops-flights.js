// SPDX-License-Identifier: MIT
// The list of flights, filtered by day, state and what their numbers, places or ids contain.

import { byId, put, render } from './html.js';
import { may } from './ops-access.js';
import { actionsOn } from './ops-bulk.js';
import { FLIGHT_STATES, flightState, flightView, isOver } from './ops-flight-words.js';
import { makeList } from './ops-list.js';
import { today } from './ops-words.js';
import { onAddress, parameters } from './router.js';

const load = ({ sold = 0, held = 0, blocked = 0, free = 0 }) => (sold + held + blocked + free ? Math.floor(100 * sold / (sold + held + blocked + free)) : 0);
const count = (key, label) => ({ key, label, by: flight => flight[key] || 0, number: true });

const columns = [
  { key: 'departs', label: 'Departs, there and UTC', by: ({ departureTime }) => departureTime, ways: ['first', 'latest'], isFirst: 'ascending' },
  { key: 'flight', label: 'Flight', by: ({ flightNumber }) => flightNumber },
  { key: 'route', label: 'Route', by: ({ origin, destination }) => `${origin} to ${destination}` },
  { key: 'state', label: 'State', by: flight => flightState(flight)[0] },
  count('sold', 'Sold'), count('held', 'Held'), count('blocked', 'Blocked'), count('free', 'Free'),
  { key: 'load', label: 'Load', by: load, number: true },
  { name: 'Departs, there', text: flight => flightView(flight).departs }, { name: 'Id', text: ({ id }) => id },
];

// ---- off sale, and on sale again ---------------------------------------------------------------------------

const pathOf = ({ id }) => `/api/admin/flights/${encodeURIComponent(id)}`;
const nameOf = ({ flightNumber, departureTime }) => `${flightNumber} of ${departureTime.slice(0, 10)}`;

const sale = (id, verb, label, from, does) => ({
  id, label, role: 'operator', nameOf, title: flights => `${label} of ${flights}?`,
  look: flight => (!isOver(flight) && flight.status === from ? { does } : { why: flightState(flight)[0].toLowerCase() }),
  send: (flight, plan, { reason }) => ({ url: `${pathOf(flight)}/${verb}`, match: `"${flight.version}"`, body: { reason } }),
});

const list = makeList({
  name: 'flights', form: 'find-flights', url: '/api/admin/flights', part: 'flights', one: 'flight', row: 'flight-', columns, idOf: ({ id }) => id,
  draw: (flights, view) => render('flights', { ...view, may, canPick: bar.canAct(), flights: flights.map(flightView) }),
  chosen: () => bar.paint(),
});
const bar = actionsOn(list, { place: 'chosen-flights', one: 'flight', actions: [
  sale('close', 'close', 'Close the sale', 'ON_SALE', 'on sale now; nobody can hold a seat any more, and holds that were made in time may still be paid'),
  sale('open', 'open', 'Open the sale', 'CLOSED', 'closed now; customers can hold the free seats again'),
] });

onAddress('flights', () => {
  const asked = parameters();
  document.title = 'Flights · Operations';
  list.open();
  const states = Object.entries(FLIGHT_STATES).filter(([value]) => value !== 'DRAFT');
  put(byId('main'), render('view-flights', {
    ...Object.fromEntries(asked), may, today: today(), from: asked.get('from') ?? (asked.has('to') || asked.has('search') ? '' : today()),
    states: [{ value: '', label: 'Any state' }, ...states.map(([value, [label]]) => ({ value, label, isAsked: value === asked.get('status') }))],
  }), 'innerHTML');
});
