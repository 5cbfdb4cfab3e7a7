// SPDX-License-Identifier: MIT
// What is known of the one booking on screen. All that screen.js shows follows from this; whoever changes
// it calls paint().

import * as cabin from './cabin.js';
import * as clock from './clock.js';

export const it = {
  isDelayed: false,          // no sweeper is at work
};

export function reset() {
  Object.assign(it, {
    flight: null,
    order: null,
    chosen: new Set(),       // the seats that are to be held
    lost: new Set(),         // those that somebody else was quicker to take
    stillFree: null,         // of a booking that is over, those that could be had again
    busy: null,              // what the customer has asked for and the server has not answered
    notice: null,            // { tone, text, link }
    warned: null,            // the mark that was passed last, in seconds
    isOver: false,           // the time is, and nobody knows yet what has become of the seats
    shown: null,             // { minor, currency }: the total on screen when something was asked for
    restartedAt: -Infinity,  // the hold, by the customer's wish
    hasMoved: false,         // into another phase, and not yet painted
  });
  clock.stop();
}

reset();

const PHASES = {
  CREATED: 'held', SEATS_RESERVED: 'held', PAYMENT_PENDING: 'paying', PAYMENT_PROCESSING: 'paying',
  CONFIRMED: 'confirmed', FAILED: 'over', EXPIRED: 'over', CANCELLED: 'over',
};

export const phase = () => (it.order ? PHASES[it.order.status] : 'choose');
export const isOpen = () => phase() === 'held' || phase() === 'paying';
export const held = () => new Set(phase() === 'choose' || phase() === 'over' ? [] : it.order.seats);
export const isChanged = () => phase() === 'held' && String([...it.chosen].sort()) !== String([...it.order.seats].sort());
export const currency = () => (it.order || it.flight).currency;

// A seat that is held costs what it cost then; another one what the flight cost when this page last heard of it.
export function priceOf(id) {
  const place = isOpen() ? it.order.seats.indexOf(id) : -1;
  return place < 0 ? it.flight.priceCents : it.order.seatPrices?.[place] ?? it.order.totalPriceCents / it.order.seats.length;
}

// What is charged or, while seats are being chosen, would be.
export const total = () => (phase() !== 'choose' && !isChanged() ? it.order.totalPriceCents
  : [...it.chosen].reduce((sum, id) => sum + priceOf(id), 0));

export const isLocked = () => Boolean(it.busy) || !['choose', 'held'].includes(phase());

export function seatState(id) {
  if (it.lost.has(id)) return 'lost';
  if (held().has(id)) return it.chosen.has(id) ? 'mine' : 'releasing';
  const status = cabin.statusOf(id);
  if (status !== 'AVAILABLE') return status.toLowerCase();
  return it.chosen.has(id) ? 'selected' : 'available';
}
