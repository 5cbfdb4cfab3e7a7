// SPDX-License-Identifier: MIT
// Cancels a paid order, or some of its seats: first says what the flight's rule gives back, and then does it for just
// that. An operator may give back an amount of their own instead.

import { minorOf } from './amount.js';
import { showError } from './forms.js';
import { listed, money } from './format.js';
import { byId } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { ask } from './ops-ask.js';

let order = null;
let quote = null;            // what the rule gives back for the seats that are ticked; null: not known (yet)
let done = () => {};

export const onCancelled = listener => { done = listener; };

// What is paid is cancelled for money, which somebody has to name.
export const canCancelSold = ({ locator, staffActions }) => Boolean(locator) && staffActions.includes('cancel');

export const cancelView = ({ seats }) => ({ choices: seats, isSeveral: seats.length > 1 });

const given = () => {
  const boxes = [...byId('cancel-sold').querySelectorAll('[name="giveUp"]')];
  return boxes.length ? boxes.filter(({ checked }) => checked).map(({ value }) => value) : order.seats;
};
const isWhole = () => given().length === order.seats.length;
const ownAmount = () => byId('cancel-sold').elements.own?.value.trim() || '';

// Called once the form is on the screen.
export function beginCancel(now) {
  order = now;
  askForQuote();
}

function askForQuote() {
  quote = null;
  byId('ask-quote')?.remove();
  if (!given().length) return paint('Choose at least one seat.');
  if (!order.flight.cancellable) return paint('No rule of the flight gives anything back.');
  paint('One moment…');
  return ask('quote', `/api/orders/${encodeURIComponent(order.orderId)}/cancellation${isWhole() ? '' : `?seats=${given().join(',')}`}`);
}

const inWords = ({ refundCents, feeCents, currency }) =>
  `By the rule ${money(refundCents, currency)} are given back, and ${money(feeCents, currency)} are kept.`;

function paint(text) {
  const form = byId('cancel-sold');
  const minor = minorOf(ownAmount(), order.currency) ?? quote?.refundCents;
  if (text) byId('quote').textContent = text;
  form.dataset.title = `${isWhole() ? 'Cancel the order' : `Give up ${listed(given())}`} and give back ${minor === undefined ? ownAmount() : money(minor, order.currency)}?`;
  form.dataset.yes = isWhole() ? 'Cancel the order' : `Give up ${listed(given())}`;
  byId('cancel-sold-button').disabled = !given().length || !(quote || ownAmount());
}

onOperator('ops-quote', answer => {
  if (!byId('cancel-sold')) return;
  quote = answer;
  paint(inWords(quote));
}, {
  refused: ({ message }) => {
    if (byId('cancel-sold')) paint(message);
  },
});

document.addEventListener('change', ({ target }) => {
  if (target.form?.id === 'cancel-sold' && target.name === 'giveUp') askForQuote();
});

document.addEventListener('input', ({ target }) => {
  if (target.form?.id === 'cancel-sold' && target.name === 'own') paint();
});

onOperator('ops-cancelled-sold', ({ status }) => {
  tell(status === 'CANCELLED' ? 'The order is cancelled; its seats are free.' : 'The seats are given up, and free.');
  done();
}, {
  match: () => `"${order.version}"`,
  before(form, { body }) {
    const own = ownAmount();
    for (const name of ['own', 'giveUp']) body.delete(name);
    if (!isWhole()) body.set('seats', given().join(','));
    // What is no amount goes as it is, and the server says so.
    if (own) body.set('refundCents', minorOf(own, order.currency) ?? own);
    else body.set('expectedRefundCents', quote.refundCents);
  },
  refused(problem) {
    if (problem.error === 'QUOTE_CHANGED') {
      quote = problem.quote;
      paint(inWords(quote));
      tell('What is given back has changed. Nothing was done.', 'bad');
    } else if (problem.field !== 'refundCents' || !showError('own', problem.message)) {
      tell(problem.message, 'bad');
    }
  },
});
