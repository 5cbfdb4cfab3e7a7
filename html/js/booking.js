// SPDX-License-Identifier: MIT
// One booking, from the first seat to the ticket: its addresses, the server's answers about it, and what follows
// from them.

import htmx from '../vendor/htmx.js';
import { customer, isOver as isSessionOver, isSignedIn, mustSignIn, onAccount, signInFirst, signInHere, signedOut, whenKnown } from './account.js';
import { forget, onAnswer } from './answers.js';
import * as cabin from './cabin.js';
import { tooMany } from './choosing.js';
import * as clock from './clock.js';
import { showError } from './forms.js';
import { departure, duration, listed, money } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { currency, held, isOpen, it, phase, reset, total } from './model.js';
import { go, missing, onAddress, open, parameters } from './router.js';
import { say } from './say.js';
import { paint, paintPanel, panel } from './screen.js';
import { settings, unanswered, user } from './state.js';

const AGAIN = ['extend', 'change'];      // requests that restart a hold's time

let wish = [];               // the seats that the address names
let sent = null;             // a reservation that has not been answered yet
let isReloaded = performance.getEntriesByType('navigation')[0]?.type === 'reload';

// ---- addresses -----------------------------------------------------------------------------------------

onAddress('order', orderId => show(() => ask('order-poll', { orderId })));
onAddress('flight', flightId => show(() => ask('flight-load', { flightId })));

function show(begin) {
  reset();
  wish = (parameters().get('seats') || '').split(',').filter(Boolean);
  document.title = 'Booking';
  put(byId('main'), render('view-booking', {}), 'innerHTML');
  begin();
  return leave;
}

// A reservation that is unanswered when the customer leaves the screen is not sent again.
function leave() {
  reset();
  giveUp();
  isReloaded = false;
}

function giveUp() {
  if (sent) unanswered.set({ ...sent, isGivenUp: true });
  sent = null;
}

// Puts an element on the page that sends its own requests, and removes an earlier one of that name.
function ask(name, ids) {
  byId(name)?.remove();
  const encoded = Object.fromEntries(Object.entries(ids).map(([key, id]) => [key, encodeURIComponent(id)]));
  byId('booking').insertAdjacentHTML('beforeend', render(name, encoded));
  htmx.process(byId(name));
}

export function refresh() {
  const poll = byId('order-poll');
  if (!poll) return;
  forget(poll);
  if (!it.busy) htmx.trigger(poll, 'refresh');
}

// ---- the flight and its seats --------------------------------------------------------------------------

onAnswer('flight', flight => {
  it.flight = flight;
  cabin.build(flight);
  put(byId('cabin'), render('cabin-frame', {
    flightId: encodeURIComponent(flight.id), width: cabin.width(),
  }), 'innerHTML');
  if (it.order) it.chosen = held();
  if (wish.length && ['choose', 'held'].includes(phase())) choose(wish);
  wish = [];
  return render('flight', { ...flight, ...departure(flight) });
}, {
  settled() {
    if (!it.flight) return;
    paint();
    if (document.activeElement === byId('main')) focusHeading(byId('flight'));
    whenKnown(resume);
  },
  refused: ({ status, message }) => missing(status === 404 ? 'We do not know this flight' : 'This did not work', message),
});

// An address may name anything: seats of another flight, too many seats, or seats that are taken.
function choose(seats) {
  const ours = held();
  const known = [...new Set(seats)].filter(cabin.has);
  const free = known.filter(id => ours.has(id) || cabin.statusOf(id) === 'AVAILABLE');
  const gone = known.filter(id => !free.includes(id));
  it.chosen = new Set(free.slice(0, settings.maxSeatsPerOrder));
  for (const id of gone) it.lost.add(id);
  if (gone.length) complain(`${listed(gone)} ${gone.length > 1 ? 'are' : 'is'} no longer free.`);
  else if (free.length > it.chosen.size) complain(tooMany());
}

// If a reload came between a reservation and its answer, the reservation is sent again with the same key. A customer
// who left the page in between, or comes back much later, may no longer want it, so then it is not.
function resume() {
  const reservation = isReloaded && unanswered.get();
  isReloaded = false;
  if (it.order || !reservation || reservation.isGivenUp || reservation.flightId !== it.flight?.id || mustSignIn()) return;
  if (isSignedIn() && reservation.userId !== customer()) return;
  if (!isSignedIn()) user.set(reservation.userId);
  it.chosen = new Set(reservation.seats);
  paint();
  byId('reserve').requestSubmit();
}

onAnswer('seats', ({ seats }) => {
  // While this page's own request is under way, a seat that looks lost may have been taken by that request.
  if (it.busy) {
    forget(byId('seats'));
    return null;
  }
  const changed = cabin.update(seats);
  if (!changed.length) return null;
  const ours = held();
  const gone = changed.filter(id => it.chosen.has(id) && !ours.has(id) && cabin.statusOf(id) !== 'AVAILABLE');
  for (const id of changed) if (cabin.statusOf(id) === 'AVAILABLE') it.lost.delete(id);
  if (gone.length) lose(gone);
  return cabin.html();
}, { wanted: () => !it.busy && (phase() === 'choose' || isOpen()) });

// Another customer was quicker: mark the seats as lost, say so, and keep the rest.
function lose(seats) {
  for (const id of seats) {
    it.chosen.delete(id);
    it.lost.add(id);
  }
  complain(lossOf(seats).text);
  paintPanel();
}

function lossOf(seats) {
  const rest = [...it.chosen];
  const text = `${listed(seats)} ${seats.length > 1 ? 'have' : 'has'} just been taken by somebody else.`;
  return { tone: 'bad', text: rest.length ? `${text} ${listed(rest)} ${rest.length > 1 ? 'are' : 'is'} still selected.` : text };
}

function complain(text, link) {
  it.notice = { tone: 'bad', text, link };
  say(text, 'assertive');
}

// Tells which of the seats of a hold that ended are still free.
onAnswer('seats-left', ({ seats }) => {
  const free = new Set(seats.map(seat => seat.seatNumber));
  it.stillFree = it.order.seats.filter(id => free.has(id));
}, { settled: paintPanel });

onAnswer('health', health => {
  Object.assign(settings, health.settings);
  it.isDelayed = health.sweeper === 'down';
}, { wanted: () => phase() === 'paying', settled: paint });

// ---- the order -----------------------------------------------------------------------------------------

onAnswer('order', (order, { element, isReplayed }) => {
  accept(order, element.dataset.busy);
  if (isReplayed) refresh();      // a replayed answer shows the time of the first one
  return panel();
}, {
  wanted: () => isOpen() && !it.busy && !isSessionOver(),
  before(element, request) {
    if (!element.dataset.busy) return;
    it.busy = element.dataset.busy;
    it.notice = null;
    it.shown = { minor: total(), currency: currency() };
    if (it.busy === 'reserve') keep(request.headers);
    paint();
  },
  after(element, isDecided) {
    if (element.dataset.busy === 'reserve') {
      if (isDecided) unanswered.clear();
      else giveUp();
      sent = null;
    }
    if (element.dataset.busy) it.busy = null;
  },
  refused,
  settled: paint,
  // The customer pays for, or changes, the version that is on screen and no other.
  match: element => (['pay', 'change'].includes(element.dataset.busy) ? `"${it.order.version}"` : null),
});

// Keeps a reservation until its outcome is known. If the same one was sent before, it is sent under the same key.
function keep(headers) {
  const reservation = { flightId: it.flight.id, userId: customer(), seats: [...it.chosen] };
  const { key, isGivenUp, ...earlier } = unanswered.get() || {};
  if (JSON.stringify(earlier) === JSON.stringify(reservation)) headers['Idempotency-Key'] = key;
  sent = { ...reservation, key: headers['Idempotency-Key'] };
  unanswered.set(sent);
}

// Stores the reservation with a new time, because the customer waited for it until the page was left.
addEventListener('pagehide', () => {
  if (sent) unanswered.set(sent);
});

// `asked` names the customer's request that this order answers, if any.
function accept(order, asked) {
  const before = it.order;
  const isSame = before?.orderId === order.orderId;
  if (isSame && order.version < before.version) return;
  const was = phase();
  it.order = order;
  if (order.expiresAt) clock.start(order);
  else clock.stop();
  it.isOver = clock.isOver();
  if (!isSame || String(before.seats) !== String(order.seats)) it.chosen = held();
  if (before?.reservedAt !== order.reservedAt) it.warned = null;
  if (asked || phase() !== 'held') it.lost.clear();
  if (asked) learnPrice(order, isSame ? before.seats : []);
  if (!isSame) follow(order, asked);
  if (phase() === 'over' && was !== 'over') ask('seats-left', { flightId: order.flightId });
  if (before || asked) {
    // After a change of seats, too, the button that was pressed is gone.
    it.hasMoved ||= was !== phase() || AGAIN.includes(asked);
    tell(order, before, asked);
  }
}

// Added seats are held at the flight's current price, so the order tells that price.
function learnPrice(order, before) {
  const place = order.seats.findIndex(id => !before.includes(id));
  if (it.flight && place >= 0 && order.seatPrices) Object.assign(it.flight, { priceCents: order.seatPrices[place], currency: order.currency });
}

function follow(order, asked) {
  it.stillFree = null;
  if (asked) ask('order-poll', { orderId: order.orderId });
  if (!it.flight) ask('flight-load', { flightId: order.flightId });
}

function tell(order, before, asked) {
  if (phase() === 'held' && asked) {
    const time = duration(clock.whole(order));
    const isAgain = AGAIN.includes(asked);
    if (isAgain) it.restartedAt = performance.now();
    const isFull = clock.whole(order) >= settings.reservationTimeoutSeconds;
    const again = isFull ? `Your time starts again: ${time}.` : `Your seats cannot be held longer than that: ${time} left.`;
    it.notice = isAgain ? { tone: isFull ? 'good' : 'soon', text: again } : null;
    say(`${listed(order.seats)} ${order.seats.length > 1 ? 'are' : 'is'} held for you. You have ${time} to pay.`);
    compare(it.shown, order);
  } else if (order.message !== before?.message) {
    say(order.message, phase() === 'paying' ? 'polite' : 'assertive');
  }
}

// The charge may differ from the total that was on screen when the customer asked for the seats.
function compare(shown, { totalPriceCents: minor, currency }) {
  if (!shown || (shown.minor === minor && shown.currency === currency)) return;
  const text = `The price has changed: you pay ${money(minor, currency)}, not ${money(shown.minor, shown.currency)}.`;
  it.notice = { tone: 'soon', text: [text, it.notice?.text].filter(Boolean).join(' ') };
  say(text, 'assertive');
}

const REFUSALS = {
  ORDER_NOT_FOUND: () => missing('We do not know this booking',
    'Perhaps the address is incomplete. Your bookings are listed under My bookings.'),
  SEATS_UNAVAILABLE({ seats }, asked) {
    if (asked !== 'again') return lose(seats);
    const { flightId, seats: wanted } = it.order;
    return go(`/?flight=${encodeURIComponent(flightId)}&seats=${wanted.map(encodeURIComponent).join(',')}`);
  },
  // With a field, it is the customer's own limit: paying for or canceling one of the bookings helps.
  TOO_MANY_REQUESTS({ field, message }) {
    complain(message, field && { url: '/?bookings', label: 'See my bookings' });
  },
  PRECONDITION_FAILED({ order }) {
    if (order) accept(order);
    complain('This booking was changed in another window. Please look at it again.');
  },
};

function refused(problem, element) {
  const { error, message, field, requestId } = problem;
  if (error === 'UNAUTHORIZED') return askToSignIn();
  if (error in REFUSALS) REFUSALS[error](problem, element.dataset.busy);
  else if (!field || !showError(field, message)) {
    complain(problem.status === 500 && requestId ? `${message} (Reference: ${requestId})` : message);
  }
  refresh();
  paint();
}

// ---- signing in ----------------------------------------------------------------------------------------

// What was chosen stays, here and in the address that the customer comes back to.
function askToSignIn() {
  const had = signedOut();
  if (!it.flight) return signInFirst('Please sign in', 'This booking is shown to those it belongs to.');
  const text = had ? 'Your session has ended. Please sign in again: nothing that you chose is lost.' : 'Please sign in first.';
  if (it.notice?.text !== text) complain(text);
  it.notice.signInAgain = it.order && signInHere();
  paint();
}

onAccount(() => {
  if (byId('sign-in-first')) return open();
  if (it.notice && 'signInAgain' in it.notice) it.notice = null;
  paint();
  refresh();
});

// ---- refreshes -----------------------------------------------------------------------------------------

document.addEventListener('visibilitychange', () => {
  if (document.hidden || !byId('booking')) return;
  refresh();
  if (byId('seats') && (phase() === 'choose' || isOpen())) htmx.trigger(byId('seats'), 'refresh');
});
addEventListener('online', refresh);
addEventListener('pageshow', event => { if (event.persisted) refresh(); });
