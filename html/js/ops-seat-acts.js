// SPDX-License-Identifier: MIT
// What is done from a flight's seats: somebody moves to a free seat, or the seats that are chosen are canceled. The orders
// are looked at first, since only they know who else is in them and what is given back.

import { listed } from './format.js';
import { preview } from './ops-bulk.js';
import { call } from './ops-call.js';
import { ORDER_ACTIONS } from './ops-order-bulk.js';

const CARE = 'The audit keeps your reason for good, so name no customer in it.';
const cancel = ORDER_ACTIONS.find(({ id }) => id === 'cancel');
const pathOf = ({ orderId }) => `/api/admin/orders/${encodeURIComponent(orderId)}`;

// The order that has a seat now, or why there is none.
async function orderAt(flight, seat) {
  const { ok, json } = await call(`/api/admin/orders?flightId=${encodeURIComponent(flight.id)}&seat=${encodeURIComponent(seat)}`);
  if (!ok) return { why: json.message };
  return json.orders.length ? { order: json.orders[0] } : { why: 'free by now' };
}

// ---- moving ------------------------------------------------------------------------------------------------

const who = seat => seat.passenger || seat.locator || seat.seatNumber;

const move = flight => ({
  id: 'move', label: 'Move', role: 'agent', nameOf: ({ from }) => from.seatNumber, title: count => `Move ${count}?`, about: `The customer is told. ${CARE}`,
  async look({ from, to }) {
    const { order, why } = await orderAt(flight, from.seatNumber);
    if (!order) return { why };
    if (!order.staffActions.includes('change')) return { why: 'the seats of this order cannot be changed now' };
    return { order, does: `${who(from)} moves from ${from.seatNumber} to ${to.seatNumber}; ${from.seatNumber} becomes free` };
  },
  send: ({ from, to }, { order }, { reason }) => ({
    url: `${pathOf(order)}/seats`, match: `"${order.version}"`, body: { reason, seats: order.seats.map(seat => (seat === from.seatNumber ? to.seatNumber : seat)) },
  }),
});

export const askToMove = (flight, from, to, done) => preview({ action: move(flight), one: 'passenger', items: [{ from, to }], done });

// ---- canceling ---------------------------------------------------------------------------------------------

const free = seats => `${listed(seats)} ${seats.length === 1 ? 'becomes' : 'become'} free`;
const stay = seats => `${listed(seats)} ${seats.length === 1 ? 'stays' : 'stay'}`;

// A hold has no part that could end alone.
async function lookAtSeats(flight, { seats }) {
  const { order, why } = await orderAt(flight, seats[0]);
  if (!order) return { why };
  const others = order.seats.filter(seat => !seats.includes(seat));
  if (!others.length) return { order, ...await cancel.look(order) };
  if (order.status !== 'CONFIRMED') return { why: `not paid yet, so it ends as a whole: choose ${listed(others)}, too` };
  if (!order.staffActions.includes('cancel')) return cancel.look(order);
  const { ok, json } = await call(`/api/orders/${encodeURIComponent(order.orderId)}/cancellation?seats=${seats.join(',')}`);
  if (!ok) return { why: json.message };
  return { order, part: seats, does: `paid; ${free(seats)}, ${stay(others)}, and by the rule of the flight this is given back:`,
    amount: { cents: json.refundCents, currency: json.currency }, refundCents: json.refundCents };
}

const giveUp = flight => ({
  ...cancel, title: count => `Cancel seats of ${count}?`, nameOf: ({ name }) => name,
  look: item => lookAtSeats(flight, item),
  send: (item, plan, said) => {
    const { body, ...request } = cancel.send(plan.order, plan, said);
    return { ...request, body: { ...body, seats: plan.part } };
  },
});

export function askToCancel(flight, seats, done) {
  const ids = [...new Set(seats.map(({ orderId }) => orderId))];
  const items = ids.map(id => seats.filter(({ orderId }) => orderId === id)).map(some => ({ name: who(some[0]), seats: some.map(({ seatNumber }) => seatNumber) }));
  preview({ action: giveUp(flight), one: 'order', items, done });
}
