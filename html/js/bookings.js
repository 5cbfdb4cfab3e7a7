// My bookings: everything one user id has booked, newest first.

import htmx from '../vendor/htmx.js';
import { onAnswer } from './answers.js';
import { departure, listed, money } from './format.js';
import { byId, put, render } from './html.js';
import { showError } from './forms.js';
import { onAddress } from './router.js';
import { user } from './state.js';

const STATES = {
  SEATS_RESERVED: ['Waiting for payment', 'open'], PAYMENT_PENDING: ['Payment under way', 'open'],
  CONFIRMED: ['Booked', 'good'], FAILED: ['Payment failed', 'bad'], EXPIRED: ['Hold expired', 'off'], CANCELLED: ['Cancelled', 'off'],
};

const flights = new Map();   // id → flight, or null while it is being asked for; an order names its flight only
let newest = [];             // what is polled
let older = [];              // what was asked for beside it
let cursor = null;

// ---- flights -------------------------------------------------------------------------------------------

// Most bookings are on flights that are still on sale, and one question names those.
async function learn(orders) {
  const unknown = new Set(orders.map(order => order.flightId).filter(id => !flights.has(id)));
  if (!unknown.size) return;
  for (const id of unknown) flights.set(id, null);
  const onSale = await answerOf('/api/flights?limit=100');
  for (const flight of onSale?.flights || []) {
    flights.set(flight.id, flight);
    unknown.delete(flight.id);
  }
  await Promise.all([...unknown].map(async id => flights.set(id, await answerOf(`/api/flights/${encodeURIComponent(id)}`))));
  if (byId('bookings')) put(byId('bookings'), list());
}

// A list without routes is better than none, so failures are left at that.
async function answerOf(address) {
  const answer = await fetch(address).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

// ---- the list ------------------------------------------------------------------------------------------

function card(order) {
  const flight = flights.get(order.flightId);
  const { date, time } = flight ? departure(flight) : {};
  const [label, tone] = STATES[order.status] || [order.status, 'off'];
  return {
    ...order, label, tone,
    route: flight ? `${flight.origin} to ${flight.destination}` : order.flightId,
    when: flight ? `${flight.flightNumber}, ${date}, ${time}` : '',
    seats: listed(order.seats), total: money(order.totalPriceCents, order.currency),
  };
}

function list() {
  // What was older may have become the newest's neighbour, and be among them, by now.
  const known = new Set(newest.map(order => order.orderId));
  const orders = [...newest, ...older.filter(order => !known.has(order.orderId))];
  return render('bookings', {
    orders: orders.map(card), none: !orders.length, userId: user.id,
    more: cursor && `/api/orders?${new URLSearchParams({ userId: user.id, cursor })}`,
  });
}

const hasOpen = () => newest.some(({ status }) => STATES[status]?.[1] === 'open');

onAnswer('bookings', ({ orders, nextCursor }) => {
  newest = orders;
  if (!older.length) cursor = nextCursor;
  learn(orders);
  return list();
}, {
  wanted: hasOpen,
  before: forgetAll,
  refused: ({ field, message }) => showError(field || 'userId', message),
});

onAnswer('more-bookings', ({ orders, nextCursor }) => {
  older.push(...orders);
  cursor = nextCursor;
  learn(orders);
  return list();
});

function forgetAll() {
  newest = [];
  older = [];
  cursor = null;
}

onAddress('bookings', () => {
  document.title = 'My bookings';
  forgetAll();
  put(byId('main'), render('view-bookings', { userId: user.id }), 'innerHTML');
  if (user.id) byId('whose').requestSubmit();
});

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && byId('whose') && hasOpen()) htmx.trigger(byId('whose'), 'refresh');
});
