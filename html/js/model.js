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
    notice: null,            // { tone, text }
    warned: null,            // the mark that was passed last, in seconds
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
export const isLocked = () => Boolean(it.busy) || !['choose', 'held'].includes(phase());

export function seatState(id) {
  if (it.lost.has(id)) return 'lost';
  if (held().has(id)) return it.chosen.has(id) ? 'mine' : 'releasing';
  const status = cabin.statusOf(id);
  if (status !== 'AVAILABLE') return status.toLowerCase();
  return it.chosen.has(id) ? 'selected' : 'available';
}
