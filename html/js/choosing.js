// SPDX-License-Identifier: MIT
// The customer's actions on the booking's screen that send no request.

import { givenUp } from './after-sale.js';
import { ask } from './booking.js';
import * as cabin from './cabin.js';
import { showError } from './forms.js';
import { money } from './format.js';
import { onHolds, ownOrderOf } from './holds.js';
import * as filters from './filters.js';
import { byId } from './html.js';
import { currency, held, isLocked, it, phase, priceOf, seatState } from './model.js';
import * as overview from './overview.js';
import { addInfant, removeCard } from './passengers.js';
import { say } from './say.js';
import { paint, paintPanel } from './screen.js';
import { settings } from './state.js';
import { words } from './words.js';

cabin.onCabin({ stateOf, isLocked, toggle, tierOf: filters.tierOf, isPale: filters.isPale, priceOf: id => money(priceOf(id), currency()) });

// A seat of another booking of this browser is no stranger's.
function stateOf(id) {
  const state = seatState(id);
  return ['reserved', 'booked'].includes(state) && ownOrderOf(it.flight.id, id) ? 'own' : state;
}

onHolds(paint);

function toggle(id) {
  if (isLocked()) return null;
  const state = stateOf(id);
  if (state === 'own') return remind(words('taken.own', { seat: id }), { url: `/?order=${encodeURIComponent(ownOrderOf(it.flight.id, id))}`, label: words('taken.see-own') });
  if (cabin.isTaken(state)) {
    return remind(words({ booked: 'taken.booked', blocked: 'taken.blocked' }[state] || 'taken.reserved', { seat: id }));
  }
  // Whoever has one seat changes it by choosing another.
  if (phase() === 'reseat' && most() === 1 && !it.chosen.has(id)) it.chosen.clear();
  if (!it.chosen.has(id) && it.chosen.size >= most()) return remind(phase() === 'reseat' ? words('reseat.give-up-first') : tooMany());
  it.notice = null;
  it.lost.clear();
  if (!it.chosen.delete(id)) it.chosen.add(id);
  return paint();
}

const most = () => (phase() === 'reseat' ? it.order.seats.length : settings.maxSeatsPerOrder);

export const tooMany = () => words('choose.most', { count: settings.maxSeatsPerOrder });

function remind(text, link) {
  it.notice = { tone: link ? 'soon' : 'bad', text, link };
  say(text);
  paintPanel();
}

const BUTTONS = {
  'undo-change'() {
    it.chosen = held();
    paint();
    cabin.focusSeat();
  },
  'show-cabin'() {
    byId('booking').dataset.changing = '';
    overview.paint();
    byId('cabin').scrollIntoView({ block: 'start' });
    cabin.focusSeat(it.order.seats[0]);
  },
  print: () => print(),
  'add-infant'() {
    addInfant();
    paintPanel();
    document.querySelector('#persons .person.infant:last-of-type input:not([type=hidden])')?.focus();
  },
  'skip-persons'() {
    it.named = String(it.order.seats);
    it.hasMoved = true;
    paint();
  },
  'change-names'() {
    it.renames = true;
    it.hasMoved = true;
    paint();
  },
  'manage-cancel'() {
    manage('cancel');
    it.givesUp = new Set(it.order.seats);
    askQuote();
  },
  'manage-seats'() {
    it.chosen = held();
    manage('seats');
    cabin.focusSeat(it.order.seats[0]);
  },
  'manage-names'() {
    it.renames = true;
    manage('names');
  },
  'keep-all'() {
    it.renames = false;
    manage(null);
  },
};

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('button');
  if (!button) return;
  const { code, press, remove } = button.dataset;
  if (button.id in BUTTONS) BUTTONS[button.id]();
  else if (code) fillIn(code);
  else if (remove) leaveOut(Number(remove));
  else if (press === 'code') byId('code').focus();
  else if (press) byId(press).click();
});

// What is done with a paid booking. The focus moves to where it is done.
function manage(what) {
  it.manage = what;
  it.notice = null;
  it.hasMoved = what !== 'names' && what !== 'cancel';
  paint();
  document.querySelector('#manage h3')?.focus();
}

function askQuote() {
  it.quote = null;
  const seats = givenUp();
  if (seats.length) ask('ask-quote', { orderId: it.order.orderId, seats: seats.join(',') });
  paintPanel();
}

document.addEventListener('change', ({ target }) => {
  if (target.name !== 'giveUp') return;
  if (target.checked) it.givesUp.add(target.value);
  else it.givesUp.delete(target.value);
  askQuote();
});

function leaveOut(index) {
  removeCard(index);
  paintPanel();
  byId('add-infant')?.focus();
}

function fillIn(code) {
  const field = byId('code');
  field.value = code;
  showError('paymentCode');
  field.focus();
}

// A booking without seats is not sent. The button is not disabled, because a message says what is missing.
document.addEventListener('submit', event => {
  if (!['reserve', 'change', 'reseat'].includes(event.target.id) || event.submitter?.id === 'best-button') return;
  if (event.target.id === 'reseat' ? byId('reseat-button').getAttribute('aria-disabled') !== 'true' : it.chosen.size) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  cabin.focusSeat();
  remind(event.target.id === 'reseat' ? byId('reseat-text').textContent : words('choose.first'));
}, true);
