// SPDX-License-Identifier: MIT
// A field for a flight's id that offers flights by their number, their places and when they leave.

import { render, put } from './html.js';
import { call } from './ops-call.js';
import { flightName } from './ops-flight-words.js';
import { at } from './ops-words.js';

const PAUSE_MS = 300;        // after the last key
const DAY_MS = 86400000;
let waiting = 0;

export function onFlightField(field) {
  field.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => offer(field), PAUSE_MS);
  });
}

// Flights from yesterday on: those that people ask about.
async function offer(field) {
  const sought = field.value.trim();
  if (!sought) return;
  const since = at(new Date(Date.now() - DAY_MS).toISOString()).slice(0, 10);
  const { ok, json } = await call(`/api/admin/flights?limit=20&from=${since}&search=${encodeURIComponent(sought)}`);
  if (!ok || !field.isConnected) return;
  put(field.list, render('flight-offers', { flights: json.flights.map(flight => ({ id: flight.id, name: flightName(flight, flight.id).inWords })) }), 'innerHTML');
}
