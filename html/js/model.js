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
    named: null,             // the seats for which names were asked and answered, as a text
    renames: false,          // the customer changes names that were given before
    manage: null,            // what is done with a paid booking: cancel, seats, names
    givesUp: new Set(),      // the seats that are to be cancelled
    quote: null,             // what the server gives back for them
    refunds: null,           // what was given back, once the server has told
    hasMoved: false,         // the booking is in a new phase that is not painted yet
  });
  clock.stop();
}

reset();

const PHASES = {
  CREATED: 'held', SEATS_RESERVED: 'held', PAYMENT_PENDING: 'paying', PAYMENT_PROCESSING: 'paying',
  CONFIRMED: 'confirmed', FAILED: 'over', EXPIRED: 'over', CANCELLED: 'over',
};

// What may be done with the order now, as the server says.
export const may = action => Boolean(it.order?.actions?.includes(action));

export const phaseOf = status => PHASES[status];
const ofOrder = ({ status }) => (status === 'CONFIRMED' && it.manage === 'seats' ? 'reseat' : PHASES[status]);
export const phase = () => (it.order ? ofOrder(it.order) : 'choose');
export const isOpen = () => ['held', 'paying', 'reseat'].includes(phase());
export const held = () => new Set(phase() === 'choose' || phase() === 'over' ? [] : it.order.seats);
export const isChanged = () => ['held', 'reseat'].includes(phase()) && String([...it.chosen].sort()) !== String([...it.order.seats].sort());
export const currency = () => (it.order || it.flight).currency;

// A held seat costs what it cost when it was held; any other seat costs its own price or, where all cost the same, the
// flight's last known one.
export function priceOf(id) {
  const place = isOpen() ? it.order.seats.indexOf(id) : -1;
  return place < 0 ? cabin.priceOf(id) ?? it.flight.priceCents : it.order.seatPrices?.[place] ?? it.order.totalPriceCents / it.order.seats.length;
}

// The amount that is charged or, while seats are being chosen, would be.
export const total = () => (phase() !== 'choose' && !isChanged() ? it.order.totalPriceCents
  : [...it.chosen].reduce((sum, id) => sum + priceOf(id), 0));

export const isLocked = () => Boolean(it.busy) || (it.order ? !may('change') || phase() === 'confirmed' : false);

export function seatState(id) {
  if (it.lost.has(id)) return 'lost';
  if (held().has(id)) return it.chosen.has(id) ? 'mine' : 'releasing';
  const status = cabin.statusOf(id);
  if (status !== 'AVAILABLE') return status.toLowerCase();
  return it.chosen.has(id) ? 'selected' : 'available';
}
