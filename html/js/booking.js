// One booking, from the first seat to the ticket: its addresses, what the server says of it, and what
// follows from that.

import htmx from '../vendor/htmx.js';
import { forget, onAnswer } from './answers.js';
import * as cabin from './cabin.js';
import * as clock from './clock.js';
import { showError } from './forms.js';
import { departure, duration, listed } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { held, isOpen, it, phase, reset } from './model.js';
import { go, missing, onAddress, rename } from './router.js';
import { say } from './say.js';
import { paint, paintPanel, panel } from './screen.js';
import { settings, unanswered, user } from './state.js';

const AGAIN = ['extend', 'change'];      // what starts a hold's time again

let wish = null;             // seats that the next flight's screen begins with

// ---- addresses -----------------------------------------------------------------------------------------

onAddress('order', orderId => show(() => ask('order-poll', { orderId })));
onAddress('flight', flightId => show(() => ask('flight-load', { flightId })));

function show(begin) {
  reset();
  document.title = 'Booking';
  put(byId('main'), render('view-booking', {}), 'innerHTML');
  begin();
  return reset;
}

// Puts an element on the page that asks the server by itself, in the place of an earlier one.
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
    flightId: encodeURIComponent(flight.id), price: cabin.priceOf(flight), width: cabin.width(),
  }), 'innerHTML');
  if (it.order) it.chosen = held();
  else if (wish) choose(wish);
  wish = null;
  return render('flight', { ...flight, ...departure(flight) });
}, {
  settled() {
    if (!it.flight) return;
    paint();
    if (document.activeElement === byId('main')) focusHeading(byId('flight'));
    resume();
  },
  refused: ({ status, message }) => missing(status === 404 ? 'We do not know this flight' : 'This did not work', message),
});

function choose(seats) {
  for (const id of seats) {
    if (cabin.statusOf(id) === 'AVAILABLE') it.chosen.add(id);
    else if (cabin.has(id)) it.lost.add(id);
  }
  if (it.lost.size) it.notice = lossOf([...it.lost]);
}

// A reload came between a reservation and its answer: ask again, with the same key.
function resume() {
  const reservation = unanswered.get();
  if (it.order || reservation?.flightId !== it.flight.id) return;
  user.set(reservation.userId);
  it.chosen = new Set(reservation.seats);
  paint();
  byId('reserve').requestSubmit();
}

onAnswer('seats', ({ seats }) => {
  // While a request of ours is under way, what looks lost may be ours.
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

// Somebody else was quicker: mark the seats, say so, keep the rest.
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

function complain(text) {
  it.notice = { tone: 'bad', text };
  say(text, 'assertive');
}

// Which of the seats that were held are still to be had?
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
  if (isReplayed) refresh();      // its clock is that of the first answer
  return panel();
}, {
  wanted: () => isOpen() && !it.busy,
  before(element, request) {
    if (!element.dataset.busy) return;
    it.busy = element.dataset.busy;
    it.notice = null;
    if (it.busy === 'reserve') keep(request.headers);
    paint();
  },
  after(element, isAnswered) {
    if (element.dataset.busy === 'reserve' && isAnswered) unanswered.clear();
    if (element.dataset.busy) it.busy = null;
  },
  refused,
  settled: paint,
  // Pay for, or change, what is on screen and nothing else.
  match: element => (['pay', 'change'].includes(element.dataset.busy) ? `"${it.order.version}"` : null),
});

// Keeps a reservation until it is answered; one that was sent before goes out under the key it had.
function keep(headers) {
  const reservation = { flightId: it.flight.id, userId: user.id, seats: [...it.chosen] };
  const { key, ...earlier } = unanswered.get() || {};
  if (JSON.stringify(earlier) === JSON.stringify(reservation)) headers['Idempotency-Key'] = key;
  unanswered.set({ ...reservation, key: headers['Idempotency-Key'] });
}

// `asked` is what the customer asked for, if this answers it.
function accept(order, asked) {
  const before = it.order;
  const isSame = before?.orderId === order.orderId;
  if (isSame && order.version < before.version) return;
  const was = phase();
  it.order = order;
  if (order.expiresAt) clock.start(order);
  else clock.stop();
  if (!isSame || String(before.seats) !== String(order.seats)) it.chosen = held();
  if (before?.reservedAt !== order.reservedAt) it.warned = null;
  if (asked || phase() !== 'held') it.lost.clear();
  if (!isSame) follow(order, asked);
  if (phase() === 'over' && was !== 'over') ask('seats-left', { flightId: order.flightId });
  if (before || asked) {
    // With a change of seats, too, the button that was pressed is gone.
    it.hasMoved ||= was !== phase() || AGAIN.includes(asked);
    tell(order, before, asked);
  }
}

function follow(order, asked) {
  it.stillFree = null;
  rename(`/?order=${order.orderId}`);
  if (asked) ask('order-poll', { orderId: order.orderId });
  if (!it.flight) ask('flight-load', { flightId: order.flightId });
}

function tell(order, before, asked) {
  if (phase() === 'held' && asked) {
    const time = duration(clock.holdSeconds());
    const isAgain = AGAIN.includes(asked);
    if (isAgain) it.restartedAt = performance.now();
    it.notice = isAgain ? { tone: 'good', text: `Your time starts again: ${time}.` } : null;
    say(`${listed(order.seats)} ${order.seats.length > 1 ? 'are' : 'is'} held for you. You have ${time} to pay.`);
  } else if (order.message !== before?.message) {
    say(order.message, phase() === 'paying' ? 'polite' : 'assertive');
  }
}

const REFUSALS = {
  ORDER_NOT_FOUND: () => missing('We do not know this booking',
    'Perhaps the address is incomplete. Your bookings are listed under My bookings.'),
  SEATS_UNAVAILABLE({ seats }, asked) {
    if (asked !== 'again') return lose(seats);
    wish = it.order.seats;
    return go(`/?flight=${encodeURIComponent(it.order.flightId)}`);
  },
  PRECONDITION_FAILED({ order }) {
    if (order) accept(order);
    complain('This booking was changed in another window. Please look at it again.');
  },
};

function refused(problem, element) {
  const { error, message, field, requestId } = problem;
  if (error in REFUSALS) REFUSALS[error](problem, element.dataset.busy);
  else if (!field || !showError(field, message)) {
    complain(problem.status === 500 && requestId ? `${message} (Reference: ${requestId})` : message);
  }
  refresh();
  paint();
}

// ---- what comes by itself ------------------------------------------------------------------------------

document.addEventListener('visibilitychange', () => {
  if (document.hidden || !byId('booking')) return;
  refresh();
  if (byId('seats') && (phase() === 'choose' || isOpen())) htmx.trigger(byId('seats'), 'refresh');
});
addEventListener('online', refresh);
addEventListener('pageshow', event => { if (event.persisted) refresh(); });
