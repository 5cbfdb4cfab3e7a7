// SPDX-License-Identifier: MIT
// What the page knows beyond its address: the customer's name, and the server's settings.

import { recall, remember } from './store.js';

export const settings = {
  reservationTimeoutSeconds: 900, maxSeatsPerOrder: 9, maxPaymentAttempts: 3,
  paymentSimulator: false, paymentFailureRate: 0, passengers: '', termsUrl: '', privacyUrl: '',
};

const LONGEST_NAME = 50;
const LONGEST_ACCOUNT = 255;
const STILL_MEANT_MS = 60000;

const cut = (name, most = LONGEST_NAME) => [...name].slice(0, most).join('').replace(/\p{Cc}/gu, '');

export const user = {
  id: cut(recall('localStorage', 'userId')),
  set(id) {
    this.id = id;
    remember('localStorage', 'userId', id);
  },
};

function parse(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

const isText = value => typeof value === 'string';
const isReservation = ({ flightId, userId, seats, key, at }) => [flightId, userId, key].every(isText) && cut(userId, LONGEST_ACCOUNT) === userId
  && Array.isArray(seats) && seats.every(isText) && /^[\x21-\x7e]{1,100}$/.test(key) && Number.isFinite(at);

// A reservation whose answer never came. It is kept so that it can be repeated with the same key; after a minute it is
// no longer certain that the customer wants it.
export const unanswered = {
  get() {
    const { at, ...reservation } = parse(recall('sessionStorage', 'unanswered'));
    const age = Date.now() - at;
    return isReservation({ ...reservation, at }) && age >= 0 && age < STILL_MEANT_MS ? reservation : null;
  },
  set: reservation => remember('sessionStorage', 'unanswered', JSON.stringify({ ...reservation, at: Date.now() })),
  clear: () => remember('sessionStorage', 'unanswered', null),
};

// The order that this tab pays for and that may have to be paid on a page of the payment service. The tab goes there
// once; whoever comes back, by whatever way, finds a link.
export const leaving = {
  set: orderId => remember('sessionStorage', 'leaving', orderId),
  take(orderId) {
    if (recall('sessionStorage', 'leaving') !== orderId) return false;
    remember('sessionStorage', 'leaving', null);
    return true;
  },
};

document.addEventListener('input', event => {
  if (event.target.name === 'userId' && event.target.type !== 'hidden') user.set(event.target.value.trim());
});
