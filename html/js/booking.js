// SPDX-License-Identifier: MIT
// One booking, from the first seat to the ticket: its addresses, the server's answers about it, and what follows
// from them.

import htmx from '../vendor/htmx.js';
import { customer, isOver as isSessionOver, isSignedIn, mustSignIn, onAccount, signInFirst, signInHere, signedOut, whenKnown } from './account.js';
import { hasRefunds } from './after-sale.js';
import { forget, onAnswer } from './answers.js';
import { isAttended } from './attention.js';
import * as cabin from './cabin.js';
import { tooMany } from './choosing.js';
import * as clock from './clock.js';
import { agree } from './exit-rows.js';
import * as filters from './filters.js';
import { findAgain } from './find.js';
import { showError } from './forms.js';
import { departure, duration, listed, money } from './format.js';
import { note } from './holds.js';
import { byId, focusHeading, put, render } from './html.js';
import { currency, held, isOpen, it, phase, reset, total } from './model.js';
import { dropKey, hasKey } from './order-key.js';
import * as overview from './overview.js';
import { adopt, carry, known, showFaults } from './passengers.js';
import { go, missing, onAddress, open, parameters } from './router.js';
import { say } from './say.js';
import { paint, paintPanel, panel } from './screen.js';
import { leaving, settings, unanswered, user } from './state.js';
import { orderInWords } from './told.js';
import { words } from './words.js';

const AGAIN = ['extend', 'change'];      // requests that restart a hold's time
const AFTER_SALE = ['give-up', 'reseat', 'name'];
const MOVES = [...AGAIN, ...AFTER_SALE];        // and those whose button is gone afterwards

let wish = [];               // the seats that the address names
let sent = null;             // a reservation that has not been answered yet
let isReloaded = performance.getEntriesByType('navigation')[0]?.type === 'reload';

// ---- addresses -----------------------------------------------------------------------------------------

onAddress('order', orderId => show(() => ask('order-poll', { orderId })));
onAddress('flight', flightId => show(() => ask('flight-load', { flightId })));

function show(begin) {
  reset();
  wish = (parameters().get('seats') || '').split(',').filter(Boolean);
  document.title = words('booking.title');
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
export function ask(name, ids) {
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
  filters.begin();
  overview.begin();
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
  refused: ({ status, message }) => missing(words(status === 404 ? 'booking.no-flight' : 'booking.did-not-work'), message),
});

// An address may name anything: seats of another flight, too many seats, or seats that are taken.
function choose(seats) {
  const ours = held();
  const known = [...new Set(seats)].filter(cabin.has);
  const free = known.filter(id => ours.has(id) || cabin.statusOf(id) === 'AVAILABLE');
  const gone = known.filter(id => !free.includes(id));
  it.chosen = new Set(free.slice(0, settings.maxSeatsPerOrder));
  for (const id of gone) it.lost.add(id);
  if (gone.length) complain(words('seats.gone', { seats: listed(gone), count: gone.length }));
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
  // The prices of seats stand in the panel, too.
  if (cabin.hasPrices()) {
    paint();
    return null;
  }
  return cabin.html();
}, {
  wanted: () => !it.busy && (phase() === 'choose' || isOpen()),
  // Whoever chooses or holds seats is to see within two seconds that others take some.
  urgent: () => isOpen() || it.chosen.size > 0 || isAttended(),
});

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
  const text = words('seats.lost', { seats: listed(seats), count: seats.length });
  return { tone: 'bad', text: rest.length ? `${text} ${words('seats.rest', { seats: listed(rest), count: rest.length })}` : text };
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
    it.shown = it.chosen.size ? { minor: total(), currency: currency() } : null;
    if (it.busy === 'reserve' && it.chosen.size) keep(request.headers);
    fillIn(request.body);
    if (it.busy === 'pay') leaving.set(it.order.orderId);
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
  match: element => (['pay', 'change', 'reseat', 'give-up'].includes(element.dataset.busy) ? `"${it.order.version}"` : null),
});

// What a form has for the page alone is not sent; where the system chooses the seats, the class is the one that is looked for.
function fillIn(body) {
  if (body?.get('exitSeats')) agree([...it.chosen]);
  body?.delete('exitSeats');
  if (!body?.has('count')) return;
  if (!body.get('prefer')) body.delete('prefer');
  if (filters.onlyClass()) body.set('class', filters.onlyClass());
}

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
  note(order, Boolean(asked) || hasKey(order.orderId));
  const names = isSame ? known() : [];
  it.order = orderInWords(order);
  if (asked !== 'name') carry(names);
  if (asked === 'again') adopt();
  if (asked === 'name') Object.assign(it, { named: String(order.seats), renames: false });
  if (AFTER_SALE.includes(asked)) it.manage = null;
  if (order.paymentUrl) goAndPay(order);
  if (order.expiresAt) clock.start(order);
  else clock.stop();
  it.isOver = clock.isOver();
  if (!isSame || String(before.seats) !== String(order.seats)) it.chosen = held();
  if (before?.reservedAt !== order.reservedAt) it.warned = null;
  if (asked || phase() !== 'held') it.lost.clear();
  if (asked) learnPrice(order, isSame ? before.seats : []);
  if (!isSame) follow(order, asked);
  if (hasRefunds() && order.version !== before?.version) ask('ask-refunds', { orderId: order.orderId });
  if (phase() === 'over' && was !== 'over' && !order.locator) ask('seats-left', { flightId: order.flightId });
  if (before || asked) {
    it.hasMoved ||= was !== phase() || MOVES.includes(asked);
    tell(it.order, before, asked);
  }
}

// The server has checked the address; an answer that another program forged could only name a page, not a script.
function goAndPay({ orderId, paymentUrl }) {
  if (/^https?:/.test(paymentUrl) && leaving.take(orderId)) location.assign(paymentUrl);
}

// Added seats are held at the flight's current price, so the order tells that price. Where seats have prices of their own,
// the poll of the seats tells them.
function learnPrice(order, before) {
  const place = order.seats.findIndex(id => !before.includes(id));
  if (it.flight && place >= 0 && order.seatPrices && !cabin.hasPrices()) Object.assign(it.flight, { priceCents: order.seatPrices[place], currency: order.currency });
}

function follow(order, asked) {
  it.stillFree = null;
  if (asked) ask('order-poll', { orderId: order.orderId });
  if (!it.flight) ask('flight-load', { flightId: order.flightId });
}

function tell(order, before, asked) {
  if (AFTER_SALE.includes(asked)) {
    it.notice = phase() === 'confirmed' ? { tone: 'good', text: words(`done.${asked}`) } : null;
    say(words(`done.${asked}`));
  } else if (phase() === 'held' && asked) {
    const time = duration(clock.whole(order));
    const isAgain = AGAIN.includes(asked);
    if (isAgain) it.restartedAt = performance.now();
    const isFull = clock.whole(order) >= settings.reservationTimeoutSeconds;
    const again = words(isFull ? 'held.again' : 'held.no-longer', { time });
    it.notice = isAgain ? { tone: isFull ? 'good' : 'soon', text: again } : null;
    say(words('held.said', { seats: listed(order.seats), count: order.seats.length, time }));
    compare(it.shown, order);
    warn(order);
  } else if (order.message !== before?.message) {
    say(order.message, phase() === 'paying' ? 'polite' : 'assertive');
  }
}

// The charge may differ from the total that was on screen when the customer asked for the seats.
function compare(shown, { totalPriceCents: minor, currency }) {
  if (!shown || (shown.minor === minor && shown.currency === currency)) return;
  const text = words('held.price-changed', { now: money(minor, currency), before: money(shown.minor, shown.currency) });
  it.notice = { tone: 'soon', text: [text, it.notice?.text].filter(Boolean).join(' ') };
  say(text, 'assertive');
}

// ORPHAN_RULE=warn.
function warn({ warnings = [] }) {
  const [{ seats } = {}] = warnings.filter(({ code }) => code === 'SINGLE_SEAT_LEFT');
  if (!seats) return;
  const text = words('held.single-left', { seat: listed(seats) });
  it.notice = { tone: 'soon', text: [it.notice?.text, text].filter(Boolean).join(' ') };
  say(text);
}

const REFUSALS = {
  ORDER_NOT_FOUND: () => missing(words('booking.unknown'), words('booking.unknown-text')),
  SEATS_UNAVAILABLE({ seats }, asked) {
    if (asked !== 'again') return lose(seats);
    const { flightId, seats: wanted } = it.order;
    return go(`/?flight=${encodeURIComponent(flightId)}&seats=${wanted.map(encodeURIComponent).join(',')}`);
  },
  // With a field, it is the customer's own limit: paying for or canceling one of the bookings helps.
  TOO_MANY_REQUESTS({ field, message }) {
    complain(message, field && { url: '/?bookings', label: words('booking.see-bookings') });
  },
  QUOTE_CHANGED({ quote }) {
    it.quote = quote;
    complain(words('give-up.changed'));
  },
  PASSENGERS_MISSING: askNames,
  CONSENT_MISSING: askNames,
  PRECONDITION_FAILED({ order }) {
    if (order) accept(order);
    complain(words('booking.changed'));
  },
};

// The settings may have changed since the page asked for them.
function askNames({ message }) {
  it.named = null;
  it.renames = true;
  complain(message);
  htmx.trigger(byId('health'), 'refresh');
}

function refused(problem, element) {
  const { error, message, field, requestId } = problem;
  if (error === 'UNAUTHORIZED') return askWhoItIs();
  if (problem.faults && showFaults(problem.faults)) say(message, 'assertive');
  else if (error in REFUSALS) REFUSALS[error](problem, element.dataset.busy);
  else if (!field || !showError(field, message)) {
    complain(problem.status === 500 && requestId ? words('trouble.reference', { message, requestId }) : message);
  }
  refresh();
  paint();
}

// ---- signing in ----------------------------------------------------------------------------------------

// Whoever came by a booking's reference comes by it again.
function askWhoItIs() {
  if (!hasKey(parameters().get('order'))) return askToSignIn();
  dropKey();
  findAgain(it.order?.locator);
}

// What was chosen stays, here and in the address that the customer comes back to.
function askToSignIn() {
  const had = signedOut();
  if (!it.flight) return signInFirst(words('account.please'), words('account.whose'));
  const text = words(had ? 'account.ended' : 'account.first');
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
