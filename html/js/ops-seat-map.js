// SPDX-License-Identifier: MIT
// A flight's seats as they are now, with who holds what. Chosen seats can be blocked and unblocked, and a seat leads to
// its order.

import * as cabin from './cabin.js';
import { listed, plural } from './format.js';
import { byId, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { refresh, sendJson } from './ops-ask.js';
import { seatMapOf } from './ops-drawing.js';
import { faultsOf, showFaults } from './ops-faults.js';
import { SEAT_STATES, seatLine } from './ops-flight-words.js';
import { askToCancel, askToMove } from './ops-seat-acts.js';
import { orderUrl } from './ops-words.js';

const STATES = { AVAILABLE: 'available', RESERVED: 'reserved', BOOKED: 'booked', BLOCKED: 'blocked' };
const SHOWN = 40;            // seats of which the panel tells who has them

const it = { answer: null, seats: new Map(), chosen: new Set(), shape: '', flight: null };

// Called when the flight's screen opens and whenever the flight is known anew.
export function showSeatsOf(flight) {
  const isNew = flight && !it.flight;
  if (!flight) Object.assign(it, { answer: null, seats: new Map(), chosen: new Set(), shape: '' });
  it.flight = flight;
  if (!isNew) return;
  cabin.onCabin({
    priceOf: () => '', stateOf: id => STATES[it.seats.get(id)?.status] || 'available', isLocked: () => false, isDisabled: () => false,
    isSelected: id => it.chosen.has(id), toggle, describe,
  });
  show();
}

function describe(id) {
  const seat = it.seats.get(id);
  return [`${id}, row ${seat.row}`, seatLine(seat, it.flight.currency), SEAT_STATES[seat.status], seat.passenger || seat.userId, seat.blocked].filter(Boolean).join(', ');
}

onOperator('ops-seat-map', ({ seats }) => {
  it.answer = seats;
  show();
}, { refused: ({ status, message }) => { if (status !== 404) tell(message, 'bad'); } });

// Either may come first: the flight, or its seats.
function show() {
  const seats = it.answer;
  if (!seats || !it.flight || !byId('seat-map')) return;
  it.seats = new Map(seats.map(seat => [seat.seatNumber, { ...seat, status: seat.blocked ? 'BLOCKED' : seat.status }]));
  for (const id of it.chosen) if (!it.seats.has(id)) it.chosen.delete(id);
  const shape = [...it.seats.keys()].join();
  // After a swap it is another cabin.
  if (shape !== it.shape) frame(seats);
  it.shape = shape;
  if (seats.length) cabin.paint();
  paintPanel();
}

function frame(seats) {
  if (!seats.length) {
    put(byId('seat-map'), render('no-seats', {}), 'innerHTML');
    return;
  }
  cabin.build({ seatMap: seatMapOf(seats) });
  put(byId('seat-map'), render('seat-map', { width: cabin.width() }), 'innerHTML');
}

// ---- choosing --------------------------------------------------------------------------------------------

function toggle(id) {
  if (!it.chosen.delete(id)) it.chosen.add(id);
  cabin.paint();
  paintPanel();
}

function choose(text) {
  const words = text.toUpperCase().split(/[\s,;]+/).filter(Boolean);
  const unknown = [];
  for (const word of words) {
    const found = it.seats.has(word) ? [word] : [...it.seats.values()].filter(({ row }) => String(row) === word).map(({ seatNumber }) => seatNumber);
    if (!found.length) unknown.push(word);
    for (const id of found) it.chosen.add(id);
  }
  cabin.paint();
  paintPanel();
  byId('choose-error').textContent = unknown.length ? `There is no seat or row ${listed(unknown)} here.` : '';
  return !unknown.length;
}

document.addEventListener('submit', event => {
  if (event.target.id !== 'choose-seats') return;
  event.preventDefault();
  const { seats } = event.target.elements;
  if (choose(seats.value)) seats.value = '';
});

document.addEventListener('click', ({ target }) => {
  if (target.id !== 'choose-none') return;
  it.chosen.clear();
  cabin.paint();
  paintPanel();
  cabin.focusSeat();
});

const chosen = () => [...it.seats.values()].filter(({ seatNumber }) => it.chosen.has(seatNumber));
const named = seats => seats.map(({ seatNumber }) => seatNumber);

function paintPanel() {
  if (!byId('seat-panel')) return;
  const seats = chosen();
  const free = seats.filter(({ status }) => status === 'AVAILABLE');
  const blocked = seats.filter(({ status }) => status === 'BLOCKED');
  const taken = seats.filter(({ orderId }) => orderId);
  put(byId('seat-panel'), render('seat-panel', {
    may, key: encodeURIComponent(it.flight.id), none: !seats.length, count: plural(seats.length, 'seat'), seatList: listed(named(seats)),
    canBlock: may.operator && free.length > 0, canUnblock: may.operator && blocked.length > 0,
    canMove: may.agent && taken.length === 1 && free.length === 1 && seats.length === 2, moveLabel: `Move ${listed(named(taken))} to ${listed(named(free))}`,
    canGiveUp: may.agent && taken.length > 0, giveUpLabel: `Cancel ${listed(named(taken))}`,
    blockLabel: `Block ${listed(named(free))}`, unblockLabel: `Unblock ${listed(named(blocked))}`,
    overHold: taken.length ? `${listed(named(taken))} ${taken.length === 1 ? 'is' : 'are'} held or sold: such a seat cannot be blocked.` : '',
    seats: seats.slice(0, SHOWN).map(seat => ({
      seat: seat.seatNumber, state: SEAT_STATES[seat.status], about: seatLine(seat, it.flight.currency), who: seat.passenger || seat.userId,
      locator: seat.locator, orderUrl: seat.orderId && orderUrl(seat.orderId), why: seat.blocked, boarded: seat.boarded ? 'boarded' : '',
    })),
    more: seats.length > SHOWN ? `And ${seats.length - SHOWN} more.` : '',
  }));
}

// ---- moving and canceling ----------------------------------------------------------------------------------

function chooseNone() {
  it.chosen.clear();
  refresh('seat-poll', 'flight-poll');
}

document.addEventListener('click', ({ target }) => {
  const taken = chosen().filter(({ orderId }) => orderId);
  if (target.id === 'move-seat') askToMove(it.flight, taken[0], chosen().find(({ status }) => status === 'AVAILABLE'), chooseNone);
  if (target.id === 'give-up-seats') askToCancel(it.flight, taken, chooseNone);
});

// ---- blocking --------------------------------------------------------------------------------------------

function done(verb, seats) {
  tell(`${listed(seats)} ${seats.length === 1 ? 'is' : 'are'} ${verb}.`);
  it.chosen.clear();
  if (byId('block-reason')) byId('block-reason').value = '';
  refresh('seat-poll', 'flight-poll');
}

let sent = [];

const refused = (problem, element) => {
  if (problem.error === 'INVALID_REQUEST') showFaults(element.form || element, faultsOf(problem));
  else tell(problem.message, 'bad');
  refresh('seat-poll', 'flight-poll');
};

onOperator('ops-blocked', () => done('blocked, and not for sale', sent), {
  before: (form, request) => {
    sent = named(chosen().filter(({ status }) => status === 'AVAILABLE'));
    sendJson(request, { seats: sent, reason: form.elements.blockReason.value.trim() });
  },
  refused,
});

onOperator('ops-unblocked', () => done('for sale again', sent), {
  before: (button, request) => {
    sent = named(chosen().filter(({ status }) => status === 'BLOCKED'));
    sendJson(request, { seats: sent });
  },
  refused,
});
