// One booking from the first seat to the ticket: what is chosen, what the order says, and the panel that
// shows it. All that is shown follows from the variables below; whoever changes one calls paint().

import htmx from '../vendor/htmx.js';
import { forget, onAnswer } from './answers.js';
import * as cabin from './cabin.js';
import * as clock from './clock.js';
import { fieldErrors, showError } from './forms.js';
import { departure, duration, listed, minutesAndSeconds, money, plural } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { go, missing, onAddress, rename } from './router.js';
import { say } from './say.js';
import { settings, unanswered, user } from './state.js';

const PHASES = {
  CREATED: 'held', SEATS_RESERVED: 'held', PAYMENT_PENDING: 'paying', PAYMENT_PROCESSING: 'paying',
  CONFIRMED: 'confirmed', FAILED: 'over', EXPIRED: 'over', CANCELLED: 'over',
};
const WARN_AT = [120, 30];
const FAILURES = [
  ['99999', 'is approved'], ['00000', 'is declined'], ['50301', 'fails once, then is approved'],
  ['50302', 'fails twice, then is approved'], ['50300', 'fails every time'], ['50401', 'is slow to answer, then approved'],
];

let flight, order, chosen, lost, busy, notice, warned, stillFree;
let hasMoved = false;        // into another phase, and not yet painted
let isDelayed = false;       // no sweeper is at work
let restartedAt = -Infinity;  // the hold, by the customer's wish
let wish = null;             // seats that the next flight's page begins with

function reset() {
  flight = order = busy = notice = warned = stillFree = null;
  hasMoved = false;
  chosen = new Set();        // the seats that are to be held
  lost = new Set();          // those that somebody else was quicker to take
  clock.stop();
}

export const phase = () => (order ? PHASES[order.status] : 'choose');
const held = () => new Set(phase() === 'choose' || phase() === 'over' ? [] : order.seats);
const isChanged = () => phase() === 'held' && !(chosen.size === order.seats.length && order.seats.every(id => chosen.has(id)));
const isOpen = () => phase() === 'held' || phase() === 'paying';

// ---- addresses -----------------------------------------------------------------------------------------

function show({ flightId, orderId }) {
  reset();
  document.title = 'Booking';
  put(byId('main'), render('view-booking', {}), 'innerHTML');
  if (orderId) follow(orderId);
  else load(flightId);
  return reset;
}

onAddress('order', orderId => show({ orderId }));
onAddress('flight', flightId => show({ flightId }));

function follow(orderId) {
  byId('order-poll')?.remove();
  byId('booking').insertAdjacentHTML('beforeend', render('order-poll', { orderId: encodeURIComponent(orderId) }));
  htmx.process(byId('order-poll'));
}

function load(flightId) {
  byId('flight-load')?.remove();
  byId('booking').insertAdjacentHTML('beforeend', render('flight-load', { flightId: encodeURIComponent(flightId) }));
  htmx.process(byId('flight-load'));
}

// ---- what the server says ------------------------------------------------------------------------------

onAnswer('flight', answer => {
  flight = answer;
  cabin.build(flight);
  const place = byId('cabin');
  put(place, render('cabin-frame', {
    flightId: encodeURIComponent(flight.id), max: settings.maxSeatsPerOrder, price: cabin.priceOf(flight), width: cabin.width(),
  }), 'innerHTML');
  if (order) chosen = new Set(held());
  else if (wish) choose(wish);
  wish = null;
  return render('flight', { ...flight, ...departure(flight) });
}, {
  settled() {
    if (!flight) return;
    paint();
    if (document.activeElement === byId('main')) focusHeading(byId('flight'));
    resume();
  },
  refused: problem => missing(problem.status === 404 ? 'We do not know this flight' : 'This did not work', problem.message),
});

function choose(seats) {
  for (const id of seats) {
    if (cabin.statusOf(id) === 'AVAILABLE') chosen.add(id);
    else if (cabin.has(id)) lost.add(id);
  }
  if (lost.size) notice = lostNotice([...lost]);
}

// A reload came between a reservation and its answer: ask again, with the same key.
function resume() {
  const reservation = unanswered.get();
  if (order || reservation?.flightId !== flight.id) return;
  user.set(reservation.userId);
  chosen = new Set(reservation.seats);
  paint();
  byId('reserve').requestSubmit();
}

onAnswer('seats', ({ seats }) => {
  // While a request of ours is under way, what looks lost may be ours.
  if (busy) {
    forget(byId('seats'));
    return null;
  }
  const changed = cabin.update(seats);
  if (!changed.length) return null;
  const ours = held();
  const gone = changed.filter(id => chosen.has(id) && !ours.has(id) && cabin.statusOf(id) !== 'AVAILABLE');
  for (const id of changed) if (cabin.statusOf(id) === 'AVAILABLE') lost.delete(id);
  if (gone.length) lose(gone);
  return cabin.html();
}, { wanted: () => !busy && (phase() === 'choose' || isOpen()) });

// Somebody else was quicker: mark the seats, say so, keep the rest.
function lose(seats) {
  for (const id of seats) {
    chosen.delete(id);
    lost.add(id);
  }
  notice = lostNotice(seats);
  say(notice.text, 'assertive');
  paintPanel();
}

function lostNotice(seats) {
  const rest = [...chosen];
  const text = `${listed(seats)} ${seats.length > 1 ? 'have' : 'has'} just been taken by somebody else.`;
  return { tone: 'bad', text: rest.length ? `${text} ${listed(rest)} ${rest.length > 1 ? 'are' : 'is'} still selected.` : text };
}

onAnswer('order', (answer, { element, isReplayed }) => {
  accept(answer, element.dataset.busy);
  if (isReplayed) refresh();      // its clock is that of the first answer
  return render(...panel());
}, {
  wanted: () => isOpen() && !busy,
  before(element, request) {
    if (!element.dataset.busy) return;
    busy = element.dataset.busy;
    notice = null;
    if (busy === 'reserve') keep(request.headers);
    paint();
  },
  after(element) {
    if (element.dataset.busy === 'reserve') unanswered.clear();
    if (element.dataset.busy) busy = null;
  },
  refused,
  settled: paint,
  // Pay for, or change, what is on screen and nothing else.
  match: element => (['pay', 'change'].includes(element.dataset.busy) ? `"${order.version}"` : null),
});

// Keeps a reservation until it is answered; one that was sent before goes out under the key it had.
function keep(headers) {
  const reservation = { flightId: flight.id, userId: user.id, seats: [...chosen] };
  const { key, ...earlier } = unanswered.get() || {};
  if (JSON.stringify(earlier) === JSON.stringify(reservation)) headers['Idempotency-Key'] = key;
  unanswered.set({ ...reservation, key: headers['Idempotency-Key'] });
}

function accept(answer, asked) {
  const before = order;
  const same = before?.orderId === answer.orderId;
  if (same && answer.version < before.version) return;
  const was = phase();
  order = answer;
  if (!same) {
    rename(`/?order=${order.orderId}`);
    if (asked) follow(order.orderId);
    stillFree = null;
  }
  if (order.expiresAt) clock.start(order);
  else clock.stop();
  if (!same || String(before.seats) !== String(order.seats)) chosen = new Set(held());
  if (before?.reservedAt !== order.reservedAt) warned = null;
  if (phase() !== 'held' || asked === 'change' || asked === 'reserve') lost.clear();
  if (!flight && !byId('flight-load')) load(order.flightId);
  tellChange(before, same, was, asked);
  if (was !== phase() && (before || asked)) hasMoved = true;
}

function tellChange(before, same, was, asked) {
  if (!before && !asked) return;
  const now = phase();
  if (now === 'held' && asked && asked !== 'pay') {
    const again = asked === 'extend' || asked === 'change';
    const text = `${listed(order.seats)} ${order.seats.length > 1 ? 'are' : 'is'} held for you. You have ${again ? 'again ' : ''}${duration(clock.holdSeconds())} to pay.`;
    if (again) restartedAt = performance.now();
    notice = again ? { tone: 'good', text: `Your time starts again: ${duration(clock.holdSeconds())}.` } : null;
    say(text);
  } else if (now !== was || order.message !== before?.message) {
    say(order.message, now === 'paying' ? 'polite' : 'assertive');
  }
}

function refused(problem, element) {
  const { error, message, seats = [], field, order: current, requestId } = problem;
  if (problem.status === 404 && error === 'ORDER_NOT_FOUND') return missing('We do not know this booking', 'Perhaps the address is incomplete. Your bookings are listed under My bookings.');
    if (error === 'SEATS_UNAVAILABLE') {
    if (element.dataset.busy === 'again') {
      wish = order.seats;
      return go(`/?flight=${encodeURIComponent(order.flightId)}`);
    }
    cabin.update(seats.map(seatNumber => ({ seatNumber, status: cabin.statusOf(seatNumber) === 'AVAILABLE' ? 'RESERVED' : cabin.statusOf(seatNumber) })));
    lose(seats);
  } else if (error === 'PRECONDITION_FAILED') {
    notice = { tone: 'bad', text: 'This booking was changed in another window. Please look at it again.' };
    if (current) accept(current);
    say(notice.text, 'assertive');
  } else if (!(field && showError(field, message))) {
    notice = { tone: 'bad', text: problem.status === 500 && requestId ? `${message} (Reference: ${requestId})` : message };
    say(notice.text, 'assertive');
  }
  if (order) refresh();
  paint();
  return undefined;
}

function refresh() {
  const poll = byId('order-poll');
  if (!poll) return;
  forget(poll);
  htmx.trigger(poll, 'refresh');
}

// Which of the seats that were held are still to be had?
onAnswer('seats-left', ({ seats }) => {
  const free = new Set(seats.filter(seat => seat.status === 'AVAILABLE').map(seat => seat.seatNumber));
  stillFree = order.seats.filter(id => free.has(id));
}, { settled: paintPanel });

onAnswer('health', health => {
  Object.assign(settings, health.settings);
  isDelayed = health.sweeper === 'down';
}, { wanted: () => phase() === 'paying', settled: paintPanel });

// ---- choosing ------------------------------------------------------------------------------------------

function stateOf(id) {
  if (lost.has(id)) return 'lost';
  if (held().has(id)) return chosen.has(id) ? 'mine' : 'releasing';
  const status = cabin.statusOf(id);
  if (status !== 'AVAILABLE') return status.toLowerCase();
  return chosen.has(id) ? 'selected' : 'available';
}

const isLocked = () => Boolean(busy) || !['choose', 'held'].includes(phase());

function toggle(id) {
  if (isLocked()) return;
  const state = stateOf(id);
  if (['reserved', 'booked', 'lost'].includes(state)) {
    say(`${id} is ${state === 'booked' ? 'booked' : 'reserved by somebody else'}.`);
    return;
  }
  if (!chosen.has(id) && chosen.size >= settings.maxSeatsPerOrder) {
    notice = { tone: 'bad', text: `${plural(settings.maxSeatsPerOrder, 'seat')} is the most for one booking.` };
    say(notice.text);
  } else {
    notice = null;
    lost.clear();
    if (!chosen.delete(id)) chosen.add(id);
  }
  paint();
}

cabin.onCabin({ stateOf, isLocked, toggle, price: () => cabin.priceOf(flight) });

document.addEventListener('click', event => {
  const button = event.target.closest?.('button');
  if (!button) return;
  if (button.id === 'undo-change') {
    chosen = new Set(held());
    paint();
    cabin.focusSeat();
  } else if (button.id === 'show-cabin') {
    byId('booking').dataset.changing = '';
    byId('cabin').scrollIntoView({ block: 'start' });
    cabin.focusSeat(order.seats[0]);
  } else if (button.id === 'print') {
    print();
  } else if (button.dataset.code) {
    byId('code').value = button.dataset.code;
    showError('paymentCode');
    byId('code').focus();
  } else if (button.dataset.press) {
    const pressed = byId(button.dataset.press);
    if (pressed.tagName === 'BUTTON') pressed.click();
    else pressed.focus();
  }
});

// Without a seat there is nothing to reserve; the button says so rather than be dead.
document.addEventListener('submit', event => {
  if (event.target.id === 'reserve' && !chosen.size) {
    event.preventDefault();
    event.stopImmediatePropagation();
    notice = { tone: 'bad', text: 'Choose at least one seat in the cabin first.' };
    say(notice.text);
    paintPanel();
    cabin.focusSeat();
  }
}, true);

// ---- painting ------------------------------------------------------------------------------------------

const sum = seats => money(seats.length * flight.priceCents, flight.currency);

function facts() {
  const seats = [...chosen];
  return {
    ...fieldErrors(), notice, busy: busy ? 'busy' : '', seats, userId: user.id,
    flightId: encodeURIComponent(flight.id), flightKey: encodeURIComponent(flight.id),
    each: `${seats.length} × ${cabin.priceOf(flight)}`, total: sum(seats),
  };
}

// The template of the phase, and what it shows.
function panel() {
  if (!flight) return ['notices', { notice }];
  const view = { ...flight, ...facts() };
  if (!order) return ['panel-choose', { ...view, ...chooseView(view) }];
  const paid = { orderId: order.orderId, held: order.seats, heldList: listed(order.seats), message: order.message,
    cancelLabel: busy === 'cancel' ? 'Cancelling…' : 'Cancel booking' };
  switch (phase()) {
    case 'held': return ['panel-held', { ...view, ...paid, ...heldView(view) }];
    case 'paying': return ['panel-paying', { ...view, ...paid, ...payingView() }];
    case 'confirmed': return ['panel-confirmed', { ...view, ...paid, ...ticketView() }];
    default: return ['panel-over', { ...view, ...paid, ...overView() }];
  }
}

const chooseView = ({ seats }) => ({
  holdFor: duration(settings.reservationTimeoutSeconds),
  reserveLabel: busy ? 'Reserving…' : seats.length ? `Reserve ${plural(seats.length, 'seat')}` : 'Reserve',
});

function urgency() {
  return clock.left() <= 30 ? 'urgent' : clock.left() <= 120 ? 'soon' : '';
}

function heldView({ seats }) {
  const changed = isChanged();
  return {
    remaining: minutesAndSeconds(clock.left()), urgency: urgency(),
    restarted: performance.now() - restartedAt < 1500 ? 'restarted' : '',
    warning: warned && { tone: warned === 30 ? 'bad' : 'soon', text: warningText() },
    changed, cannotChange: !seats.length,
    changeText: seats.length ? 'The change starts your time again.' : 'Choose at least one seat, or cancel the booking.',
    changeLabel: busy === 'change' ? 'Changing…' : `Change to ${seats.length ? listed(seats) : '…'}`,
    payLabel: busy === 'pay' ? 'Sending…' : `Pay ${sum(order.seats)}`,
    simulator: settings.paymentSimulator,
    failurePercent: Math.round(settings.paymentFailureRate * 100),
    codes: FAILURES.map(([code, what]) => ({ code, what })),
  };
}

const warningText = () => `Less than ${warned === 30 ? '30 seconds' : '2 minutes'} left. Then your seats become free for others.`;

function payingView() {
  const number = Math.min(Math.max(1, (order.paymentAttempts || 0) + (order.lastError ? 1 : 0)), order.maxPaymentAttempts);
  return {
    attempts: Array.from({ length: order.maxPaymentAttempts }, (_, i) => ({
      number: i + 1, state: i + 1 < number ? 'failed' : i + 1 === number ? 'under way' : 'not needed yet',
    })),
    lastError: order.lastError, delayed: isDelayed,
  };
}

function ticketView() {
  const { date, time, zone } = departure(flight);
  return { userId: order.userId, when: `${date}, ${time}`, zone, seatList: order.seats.join(' '),
    total: money(order.totalPriceCents, order.currency) };
}

function overView() {
  const title = { FAILED: 'Your payment did not go through', EXPIRED: 'Your time ran out', CANCELLED: 'Booking cancelled' }[order.status];
  const again = stillFree || [];
  const taken = order.seats.filter(id => !again.includes(id));
  return {
    title, tone: { FAILED: 'bad', EXPIRED: 'late' }[order.status], userId: order.userId, again,
    total: money(order.totalPriceCents, order.currency),
    againText: stillFree === null ? 'Looking whether your seats are still free…'
      : !again.length ? `${listed(taken)} ${taken.length > 1 ? 'are' : 'is'} no longer free.`
      : taken.length ? `${listed(again)} ${again.length > 1 ? 'are' : 'is'} still free; ${listed(taken)} no longer.`
      : `${again.length > 1 ? 'All your seats are' : 'Your seat is'} still free.`,
    againLabel: busy ? 'Reserving…' : `Start again with ${listed(again)}`,
  };
}

function paintPanel() {
  if (!byId('panel')) return;
  put(byId('panel'), render(...panel()));
  paintBar();
}

function paint() {
  if (!byId('booking')) return;
  paintPanel();
  const now = phase();
  const root = byId('booking');
  root.dataset.phase = now;
  if (now !== 'held' || hasMoved) delete root.dataset.changing;
  if (!flight) return;
  const hasCabin = now === 'choose' || isOpen();
  byId('cabin').hidden = !hasCabin;
  byId('cabin').toggleAttribute('data-locked', isLocked());
  if (hasCabin) cabin.paint();
  byId('cabin-title').textContent = now === 'choose' ? 'Choose your seats' : now === 'held' ? 'Change your seats' : 'The cabin';
  paintSteps(now);
  document.title = titleOf(now);
  if (now === 'over' && stillFree === null) lookForSeats();
  // What was focused may be gone with the phase it belonged to.
  if (hasMoved) focusHeading(byId('panel'));
  hasMoved = false;
}

function paintBar() {
  const place = byId('bar');
  if (!place || !flight) return;
  const now = phase();
  const seats = [...chosen];
  if (!['choose', 'held'].includes(now) || !seats.length) {
    put(place, '');
    return;
  }
  const choice = now === 'choose' ? ['reserve-button', busy ? 'Reserving…' : 'Reserve']
    : isChanged() ? ['change-button', busy ? 'Changing…' : 'Change'] : ['code', 'Pay'];
  put(place, render('bar', {
    seatList: seats.join(', '), total: sum(seats), busy: busy ? 'busy' : '',
    remaining: clock.isRunning() ? minutesAndSeconds(clock.left()) : '', urgency: clock.isRunning() ? urgency() : '',
    action: { press: choice[0], label: choice[1] },
  }));
}

function paintSteps(now) {
  const step = { choose: 'step-seats', held: 'step-pay', paying: 'step-pay', confirmed: 'step-done' }[now];
  for (const item of document.querySelectorAll('.steps li')) {
    if (item.id === step) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
}

function titleOf(now) {
  const what = { choose: 'Choose seats', held: 'Pay', paying: 'Payment', confirmed: 'Booked' }[now]
    || { FAILED: 'Payment failed', EXPIRED: 'Hold expired', CANCELLED: 'Cancelled' }[order.status];
  return `${what} · ${flight.flightNumber} ${flight.origin}–${flight.destination}`;
}

function lookForSeats() {
  if (byId('seats-left')) return;
  byId('booking').insertAdjacentHTML('beforeend',
    render('seats-left', { flightId: encodeURIComponent(order.flightId) }));
  htmx.process(byId('seats-left'));
}

// ---- the clock -----------------------------------------------------------------------------------------

clock.onClock(seconds => {
  for (const element of document.querySelectorAll('[data-countdown]')) {
    const text = minutesAndSeconds(seconds);
    if (element.textContent !== text) element.textContent = text;
  }
  if (phase() !== 'held') return;
  const due = WARN_AT.filter(mark => seconds <= mark && mark < clock.holdSeconds()).at(-1);
  if (due && due !== warned && seconds > 0) {
    warned = due;
    say(warningText(), due === 30 ? 'assertive' : 'polite');
    paintPanel();
  }
}, refresh);

document.addEventListener('visibilitychange', () => {
  if (document.hidden || !byId('booking')) return;
  refresh();
  if (byId('seats')) htmx.trigger(byId('seats'), 'refresh');
});
addEventListener('online', refresh);
addEventListener('pageshow', event => { if (event.persisted) refresh(); });
