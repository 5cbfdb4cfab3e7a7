// SPDX-License-Identifier: MIT
// What staff do with one order: other seats, a longer hold, money back, names, the last message again, forgetting. Each
// is asked for with a reason. What is paid is cancelled by ops-order-cancel.js.

import { minorOf } from './amount.js';
import { showError } from './forms.js';
import { listed, money } from './format.js';
import { byId, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { beginCancel, canCancelSold, cancelView, onCancelled } from './ops-order-cancel.js';
import { at } from './ops-words.js';

let painted = '';            // of which version, and for which role, the forms are on the screen
let order = null;
let done = () => {};

export const onDone = listener => { done = listener; };
export function forgetActs() {
  painted = '';
}

// ---- what is shown -------------------------------------------------------------------------------------

const nameOf = ({ givenName, familyName }) => [givenName, familyName].filter(Boolean).join(' ');

export function personsOf({ passengers = [], contact, locator, consent }) {
  return {
    locator, anyPersons: passengers.length > 0 || Boolean(contact), consented: consent && at(consent.at),
    persons: passengers.map(each => ({ name: nameOf(each), seat: each.seat || '', kind: each.kind === 'adult' ? '' : each.kind, assistance: each.assistance })),
    contact: contact && [contact.email, contact.phone, contact.language].filter(Boolean).join(', '),
  };
}

const STATES = { PENDING: ['On its way', 'open'], REFUNDED: ['Sent back', 'good'], FAILED: ['Failed', 'bad'] };

export function refundView({ refundId, amountCents, currency, status, reason, lastError, createdAt }) {
  const [label, tone] = STATES[status] || [status, ''];
  return { refundId, amount: money(amountCents, currency), label, tone, reason, lastError, at: at(createdAt) };
}

// ---- what is done --------------------------------------------------------------------------------------

// The forms are painted anew only when the order is another version: nobody types into a form that changes.
export function paintActs(now) {
  order = now;
  const state = JSON.stringify([order.orderId, order.version, order.staffActions, may]);
  if (state === painted) return;
  painted = state;
  const { currency, passengers, contact, seats, expiresAt } = order;
  const can = action => order.staffActions.includes(action);
  const canName = can('passengers') && Boolean(passengers);
  const view = {
    key: encodeURIComponent(order.orderId), currency,
    canCancel: canCancelSold(order) && cancelView(order), canReseat: can('change'), seats: seats.join(', '),
    canExtend: can('extend'), until: expiresAt && at(expiresAt), canResend: can('resend'), may,
    canRefund: can('refund'), canName, canForget: can('forget'),
    cards: canName && cardsOf(passengers, order.seats), email: contact?.email || '', phone: contact?.phone || '', language: contact?.language || '',
  };
  byId('acts').hidden = !['canCancel', 'canReseat', 'canExtend', 'canResend', 'canRefund', 'canName', 'canForget'].some(can => view[can]);
  put(byId('acts'), render('order-acts', view));
  if (view.canCancel) beginCancel(order);
}

function cardsOf(passengers, seats) {
  const seated = passengers.filter(({ kind }) => kind !== 'infant');
  const places = seats.map((seat, i) => ({ ...seated[i], seat }));
  return [...places, ...passengers.filter(({ kind }) => kind === 'infant')].map((each, i) => ({
    index: i, id: each.id || '', where: each.seat ? `Seat ${each.seat}` : 'Infant', givenName: each.givenName || '', familyName: each.familyName || '',
    assistance: each.assistance || '', kind: each.kind || 'adult', isInfant: each.kind === 'infant', isChild: each.kind === 'child',
  }));
}

function isDone(text) {
  byId('refund')?.reset();
  tell(text);
  painted = '';
  done();
}

// Says it beside the field it is about, or else at the top.
const saying = field => ({ field: about, message }) => { if (about !== field || !showError(field, message)) tell(message, 'bad'); };
const ofVersion = () => `"${order.version}"`;

// The form is painted anew with the order's next version, and no sooner: until then its seats are not the order's.
onCancelled(() => done());

onOperator('ops-reseated', ({ seats }) => isDone(`The seats are ${listed(seats)} now.`), {
  match: ofVersion,
  refused(problem) {
    const { differenceCents: more } = problem;
    const message = more ? `These seats cost ${money(Math.abs(more), order.currency)} ${more > 0 ? 'more, which cannot be paid any more' : 'less, of which no rule gives anything back'}.` : problem.message;
    saying('seats')({ field: more ? 'seats' : problem.field, message });
  },
});

onOperator('ops-extended', ({ expiresAt }) => isDone(`The seats are held until ${at(expiresAt)} UTC.`), {
  match: ofVersion,
  before(form, { body }) {
    body.set('until', body.get('until').trim().replace(/^(\S+) +(\S+)$/, '$1T$2').replace(/\d$/, '$&Z'));
  },
  refused: saying('until'),
});

onOperator('ops-resent', () => isDone('The last message is sent once more.'));

onOperator('ops-refunded', ({ amountCents, currency }) => isDone(`${money(amountCents, currency)} is on its way back.`), {
  before(form, { body }) {
    const text = body.get('amount').trim();
    body.delete('amount');
    // What is no amount goes as it is, and the server says so.
    if (text) body.set('amountCents', minorOf(text, order.currency) ?? text);
  },
  refused: ({ field, message }) => saying('amount')({ field: field === 'amountCents' ? 'amount' : field, message }),
});

onOperator('ops-named', () => isDone('The names are kept.'), {
  refused({ faults = [], message }) {
    const shown = faults.slice().reverse().map(({ path, message: fault }) => showError(path, fault));
    if (!shown.some(Boolean)) tell(message, 'bad');
  },
});

onOperator('ops-forgotten', () => isDone('The persons of this order are forgotten.'));
