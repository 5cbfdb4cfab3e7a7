// SPDX-License-Identifier: MIT
// My bookings: everything one user id has booked, newest first; and the form that finds a booking by its reference.

import htmx from '../vendor/htmx.js';
import { accountView, customer, isSignedIn, isStaff, mustSignIn, onAccount, signedOut, whenKnown } from './account.js';
import { onAnswer } from './answers.js';
import { departure, listed, money } from './format.js';
import { byId, put, render } from './html.js';
import { showError } from './forms.js';
import { phaseOf } from './model.js';
import { onAddress } from './router.js';
import { begin, unfolded } from './unfold.js';
import { named, words } from './words.js';

const TONES = { held: 'open', paying: 'open', confirmed: 'good' };
const toneOf = status => TONES[phaseOf(status)] || (status === 'FAILED' ? 'bad' : 'off');

let userId = '';             // whose bookings were asked for; the field may hold another id by now. None: the account's
let newest = [];             // the page of orders that is polled
let older = [];              // the older pages, which are loaded once
let cursor = null;
let first = null;            // the id of the first card of the last page

function card(order) {
  const { flight } = order;
  const { date, time } = flight ? departure(flight) : {};
  return {
    ...order, label: named('status', order.status), tone: toneOf(order.status),
    route: flight ? words('bookings.route', flight) : order.flightId,
    when: flight ? words('bookings.when', { ...flight, date, time }) : '',
    seats: listed(order.seats), total: money(order.totalPriceCents, order.currency),
  };
}

function list() {
  // An order of an older page may be on the newest page by now.
  const known = new Set(newest.map(order => order.orderId));
  const orders = [...newest, ...older.filter(order => !known.has(order.orderId))];
  return render('bookings', {
    orders: orders.map(card), none: !orders.length, userId: userId || customer(),
    more: cursor && `/api/orders?${new URLSearchParams({ ...(userId && { userId }), cursor })}`,
  });
}

const hasOpen = () => newest.some(({ status }) => toneOf(status) === 'open');

function unfold() {
  unfolded(byId('booking-list'), document.querySelector('#more-orders button'), first);
  first = null;
}

onAnswer('bookings', ({ orders, nextCursor }) => {
  newest = orders;
  if (!older.length) cursor = nextCursor;
  return list();
}, {
  wanted: hasOpen,
  before(form, request) {
    forgetAll();
    userId = new URL(request.action, location).searchParams.get('userId') || '';
  },
  refused: ({ error, field, message }) => {
    if (error === 'UNAUTHORIZED') return show(signedOut());
    if (!showError(field || 'userId', message)) put(byId('bookings'), render('notices', { notice: { tone: 'bad', text: message } }));
  },
  after: () => { if (byId('mine')) byId('mine').dataset.asks = false; },
  settled: unfold,
});

onAnswer('more-bookings', ({ orders, nextCursor }) => {
  older.push(...orders);
  cursor = nextCursor;
  first = orders.length ? `order-${orders[0].orderId}` : null;
  return list();
}, {
  refused: problem => put(byId('more-orders'), render('notices', { notice: { tone: 'bad', text: problem.message } })),
  settled: unfold,
});

function forgetAll() {
  newest = [];
  older = [];
  cursor = null;
}

onAddress('bookings', () => {
  document.title = words('bookings.title');
  forgetAll();
  begin();
  put(byId('main'), render('view-bookings', view()), 'innerHTML');
  whenKnown(() => show());
});

const asks = () => Boolean(customer()) && !mustSignIn();
const view = () => ({ ...accountView(), isStaff: isStaff(), userId: customer(), isHere: true, asks: asks() });

// Shows whose bookings these are, and asks for them, if that is known. `hasEnded`: somebody had signed in, until now.
function show(hasEnded) {
  if (!byId('whose')) return;
  if (mustSignIn()) forgetAll();
  if (mustSignIn() || isSignedIn()) put(byId('main'), render('view-bookings', { ...view(), hasEnded }));
  byId('mine').dataset.asks = asks();
  if (asks()) byId('whose').requestSubmit();
}

onAccount(() => show());

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && byId('whose') && hasOpen()) htmx.trigger(byId('whose'), 'refresh');
});
