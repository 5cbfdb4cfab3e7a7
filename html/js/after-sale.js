// SPDX-License-Identifier: MIT
// What can be done with a booking that is paid: other seats, corrected names, and money back for all of it or for some
// of its seats. The server wants proof that it is the customer's: a sign-in, or the key that a look-up gives.

import { onAnswer } from './answers.js';
import { listed, money } from './format.js';
import { it, may, phase } from './model.js';
import { travelers } from './passengers.js';
import { say } from './say.js';
import { paintPanel } from './screen.js';
import { words } from './words.js';

export function afterSaleView() {
  const can = { cancel: may('cancel'), seats: may('change'), names: may('passengers') };
  return {
    can: !it.manage && Object.values(can).some(Boolean) && can, findFirst: may('prove'), refunds: refundsView(),
    givingUp: it.manage === 'cancel' && givingUpView(), renaming: it.manage === 'names',
  };
}

// ---- cancelling ----------------------------------------------------------------------------------------

export const givenUp = () => it.order.seats.filter(seat => it.givesUp.has(seat));

function givingUpView() {
  const { seats, seatPrices, currency } = it.order;
  const names = new Map(travelers().map(({ seat, name }) => [seat, name]));
  const given = givenUp();
  const paid = seats.reduce((sum, seat, i) => sum + (given.includes(seat) ? seatPrices[i] : 0), 0);
  const isAll = given.length === seats.length;
  const { refundCents } = it.quote || {};
  const back = refundCents === undefined ? '' : money(refundCents, currency);
  return {
    isSeveral: seats.length > 1, choices: seats.map(seat => ({ seat, name: names.get(seat) || '', isGiven: given.includes(seat) })),
    given: isAll ? [] : given, refundCents, isQuoted: Boolean(back),
    text: !given.length ? words('give-up.none') : it.quote?.problem || (back ? words('give-up.back', { back, paid: money(paid, currency) }) : words('booking.moment')),
    label: it.busy === 'give-up' ? words('cancel.busy') : words(`give-up.${isAll ? 'all' : 'some'}${back ? '-for' : ''}`, { seats: listed(given), back }),
  };
}

onAnswer('quote', quote => {
  it.quote = quote;
  say(givingUpView().text);
  paintPanel();
  return null;
}, {
  refused({ message }) {
    it.quote = { problem: message };
    paintPanel();
  },
});

// ---- refunds -------------------------------------------------------------------------------------------

const TONES = { PENDING: 'soon', REFUNDED: 'good', FAILED: 'bad' };
const inWords = ({ amountCents, currency, status }) => words(`refund.${status}`, { amount: money(amountCents, currency) });

function refundsView() {
  const list = (it.refunds || []).map(refund => ({ refundId: refund.refundId, text: inWords(refund), tone: TONES[refund.status] }));
  return list.length > 0 && { list };
}

export const hasRefunds = () => Boolean(it.order?.priceLines?.some(({ kind }) => kind === 'REFUND'));

onAnswer('refunds', ({ refunds }) => {
  const news = refunds.filter(({ refundId, status }) => status !== 'PENDING'
    && it.refunds?.find(each => each.refundId === refundId)?.status === 'PENDING');
  it.refunds = refunds;
  for (const refund of news) say(inWords(refund));
  paintPanel();
  return null;
}, {
  wanted: () => ['confirmed', 'over'].includes(phase()) && Boolean(it.refunds?.some(({ status }) => status === 'PENDING')),
  refused: () => {},
});
