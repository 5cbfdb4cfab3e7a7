// My bookings: everything one user id has booked.

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

const flights = new Map();   // id → flight; an order names its flight only
let hasOpen = false;

async function learn(ids) {
  const unknown = [...new Set(ids)].filter(id => !flights.has(id));
  await Promise.all(unknown.map(async id => {
    flights.set(id, null);
    const answer = await fetch(`/api/flights/${encodeURIComponent(id)}`).catch(() => null);
    if (answer?.ok) flights.set(id, await answer.json());
    else if (answer?.status !== 404) flights.delete(id);
  }));
  if (unknown.length && byId('whose')) htmx.trigger(byId('whose'), 'refresh');
}

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

function cards({ orders, nextCursor }) {
  learn(orders.map(order => order.flightId));
  const more = nextCursor && `/api/orders?${new URLSearchParams({ userId: user.id, cursor: nextCursor })}`;
  return { orders: orders.map(card), more };
}

onAnswer('bookings', answer => {
  hasOpen = answer.orders.some(({ status }) => STATES[status]?.[1] === 'open');
  return render('bookings', { ...cards(answer), none: !answer.orders.length, userId: user.id });
}, {
  wanted: () => hasOpen,
  refused: ({ field, message }) => showError(field || 'userId', message),
});

onAnswer('more-bookings', answer => render('booking-cards', cards(answer)));

onAddress('bookings', () => {
  document.title = 'My bookings';
  hasOpen = false;
  put(byId('main'), render('view-bookings', { userId: user.id }), 'innerHTML');
  if (user.id) byId('whose').requestSubmit();
});

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && byId('whose') && user.id) htmx.trigger(byId('whose'), 'refresh');
});
