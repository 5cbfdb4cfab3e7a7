// SPDX-License-Identifier: MIT
// The customer's actions on the booking's screen that send no request.

import * as cabin from './cabin.js';
import { showError } from './forms.js';
import { money, plural } from './format.js';
import { byId } from './html.js';
import { currency, held, isLocked, it, priceOf, seatState } from './model.js';
import { say } from './say.js';
import { paint, paintPanel } from './screen.js';
import { settings } from './state.js';

cabin.onCabin({ stateOf: seatState, isLocked, toggle, priceOf: id => money(priceOf(id), currency()) });

function toggle(id) {
  if (isLocked()) return;
  const state = seatState(id);
  if (['reserved', 'booked', 'lost'].includes(state)) {
    remind(`${id} is ${state === 'booked' ? 'booked' : 'reserved by somebody else'}.`);
    return;
  }
  if (!it.chosen.has(id) && it.chosen.size >= settings.maxSeatsPerOrder) {
    remind(tooMany());
    return;
  }
  it.notice = null;
  it.lost.clear();
  if (!it.chosen.delete(id)) it.chosen.add(id);
  paint();
}

export const tooMany = () => `${plural(settings.maxSeatsPerOrder, 'seat')} is the most for one booking.`;

function remind(text) {
  it.notice = { tone: 'bad', text };
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
    byId('cabin').scrollIntoView({ block: 'start' });
    cabin.focusSeat(it.order.seats[0]);
  },
  print: () => print(),
};

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('button');
  if (!button) return;
  const { code, press } = button.dataset;
  if (button.id in BUTTONS) BUTTONS[button.id]();
  else if (code) fillIn(code);
  else if (press === 'code') byId('code').focus();
  else if (press) byId(press).click();
});

function fillIn(code) {
  const field = byId('code');
  field.value = code;
  showError('paymentCode');
  field.focus();
}

// A booking without seats is not sent. The button is not disabled, because a message says what is missing.
document.addEventListener('submit', event => {
  if (!['reserve', 'change'].includes(event.target.id) || it.chosen.size) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  cabin.focusSeat();
  remind('Choose at least one seat in the cabin first.');
}, true);
