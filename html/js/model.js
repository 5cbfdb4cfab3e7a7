// SPDX-License-Identifier: MIT
// What is known about the one booking on screen. Everything that screen.js shows follows from it, so code that changes
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
    chosen: new Set(),       // the seats the customer has selected
    lost: new Set(),         // the seats that another customer took first
    stillFree: null,         // the seats of an ended booking that are free again
    busy: null,              // the customer's request that the server has not answered yet
    notice: null,            // { tone, text, link }
    warned: null,            // the warning mark that was passed last, in seconds
    isOver: false,           // the hold has run out, and its outcome is not known yet
    shown: null,             // { minor, currency }: the total on screen when the request was sent
    restartedAt: -Infinity,  // when the customer last restarted the hold
    hasMoved: false,         // the booking is in a new phase that is not painted yet
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

// A held seat costs what it cost when it was held; any other seat costs the flight's last known price.
export function priceOf(id) {
  const place = isOpen() ? it.order.seats.indexOf(id) : -1;
  return place < 0 ? it.flight.priceCents : it.order.seatPrices?.[place] ?? it.order.totalPriceCents / it.order.seats.length;
}

// The amount that is charged or, while seats are being chosen, would be.
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
