// Paints the booking: for each phase its panel, and around it the cabin, the steps and the bar.

import * as cabin from './cabin.js';
import * as clock from './clock.js';
import { fieldErrors } from './forms.js';
import { departure, duration, listed, minutesAndSeconds, money, plural } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { isChanged, isLocked, isOpen, it, phase } from './model.js';
import { settings, user } from './state.js';

const TEST_CODES = [
  ['99999', 'is approved'], ['00000', 'is declined'], ['50301', 'fails once, then is approved'],
  ['50302', 'fails twice, then is approved'], ['50300', 'fails every time'], ['50401', 'is slow to answer, then approved'],
];

const isAre = seats => (seats.length > 1 ? 'are' : 'is');
const sum = seats => money(seats.length * it.flight.priceCents, it.flight.currency);
const countdown = () => ({
  remaining: clock.isRunning() ? minutesAndSeconds(clock.left()) : '',
  urgency: clock.isRunning() && clock.left() <= 30 ? 'urgent' : clock.isRunning() && clock.left() <= 120 ? 'soon' : '',
});

// ---- the panel -----------------------------------------------------------------------------------------

const PANELS = {
  choose: ['panel-choose', chooseView], held: ['panel-held', heldView], paying: ['panel-paying', payingView],
  confirmed: ['panel-confirmed', ticketView], over: ['panel-over', overView],
};

export function panel() {
  if (!it.flight) return render('notices', it);
  const [template, view] = PANELS[phase()];
  return render(template, { ...it.flight, ...commonView(), ...(it.order ? orderView() : {}), ...view() });
}

function commonView() {
  const seats = [...it.chosen];
  const key = encodeURIComponent(it.flight.id);
  return {
    ...fieldErrors(), notice: it.notice, busy: it.busy && 'busy', seats, userId: user.id,
    flightId: key, each: `${seats.length} × ${cabin.priceOf(it.flight)}`, total: sum(seats),
  };
}

function orderView() {
  const { orderId, userId, seats, message, totalPriceCents, currency } = it.order;
  return {
    orderId, userId, message, held: seats, heldList: listed(seats), price: money(totalPriceCents, currency),
    cancelLabel: it.busy === 'cancel' ? 'Cancelling…' : 'Cancel booking',
  };
}

function chooseView() {
  const count = it.chosen.size;
  return {
    holdFor: duration(settings.reservationTimeoutSeconds),
    reserveLabel: it.busy ? 'Reserving…' : count ? `Reserve ${plural(count, 'seat')}` : 'Reserve',
  };
}

function heldView() {
  const seats = [...it.chosen];
  return {
    ...countdown(),
    restarted: performance.now() - it.restartedAt < 1500 ? 'restarted' : '',
    warning: it.warned && { tone: it.warned === 30 ? 'bad' : 'soon', text: warningText() },
    changed: isChanged(), cannotChange: !seats.length,
    changeText: seats.length ? 'The change starts your time again.' : 'Choose at least one seat, or cancel the booking.',
    changeLabel: it.busy === 'change' ? 'Changing…' : `Change to ${seats.length ? listed(seats) : '…'}`,
    payLabel: it.busy === 'pay' ? 'Sending…' : `Pay ${sum(it.order.seats)}`,
    simulator: settings.paymentSimulator,
    failurePercent: Math.round(settings.paymentFailureRate * 100),
    codes: TEST_CODES.map(([code, what]) => ({ code, what })),
  };
}

export const warningText = () =>
  `Less than ${it.warned === 30 ? '30 seconds' : '2 minutes'} left. Then your seats become free for others.`;

function payingView() {
  const { maxPaymentAttempts: most, paymentAttempts, lastError } = it.order;
  const now = Math.min(Math.max(1, paymentAttempts + (lastError ? 1 : 0)), most);
  const stateOf = number => (number < now ? 'failed' : number === now ? 'under way' : 'not needed yet');
  return {
    attempts: Array.from({ length: most }, (_, i) => ({ number: i + 1, state: stateOf(i + 1) })),
    lastError, delayed: it.isDelayed,
  };
}

function ticketView() {
  const { date, time, zone } = departure(it.flight);
  return { when: `${date}, ${time}`, zone, seatList: it.order.seats.join(' ') };
}

function overView() {
  const { status, seats } = it.order;
  const again = it.stillFree || [];
  return {
    title: { FAILED: 'Your payment did not go through', EXPIRED: 'Your time ran out', CANCELLED: 'Booking cancelled' }[status],
    tone: { FAILED: 'bad', EXPIRED: 'late' }[status],
    again, againText: againText(again, seats.filter(id => !again.includes(id))),
    againLabel: it.busy ? 'Reserving…' : `Start again with ${listed(again)}`,
  };
}

function againText(free, taken) {
  if (it.stillFree === null) return 'Looking whether your seats are still free…';
  if (!free.length) return `${listed(taken)} ${isAre(taken)} no longer free.`;
  if (taken.length) return `${listed(free)} ${isAre(free)} still free; ${listed(taken)} no longer.`;
  return `${free.length > 1 ? 'All your seats are' : 'Your seat is'} still free.`;
}

export function paintPanel() {
  if (!byId('panel')) return;
  put(byId('panel'), panel());
  paintBar();
}

// ---- around the panel ----------------------------------------------------------------------------------

export function paint() {
  const root = byId('booking');
  if (!root) return;
  const now = phase();
  root.dataset.phase = now;
  if (now !== 'held' || it.hasMoved) delete root.dataset.changing;
  paintPanel();
  if (!it.flight) return;
  paintCabin(now);
  paintSteps(now);
  document.title = titleOf(now);
  // What was focused may be gone with the phase it belonged to.
  if (it.hasMoved) focusHeading(byId('panel'));
  it.hasMoved = false;
}

function paintCabin(now) {
  const place = byId('cabin');
  place.hidden = now !== 'choose' && !isOpen();
  place.toggleAttribute('data-locked', isLocked());
  if (place.hidden) return;
  cabin.paint();
  byId('cabin-title').textContent = { choose: 'Choose your seats', held: 'Change your seats' }[now] || 'The cabin';
  byId('cabin-most').textContent = settings.maxSeatsPerOrder;
}

function paintSteps(now) {
  const step = { choose: 'step-seats', held: 'step-pay', paying: 'step-pay', confirmed: 'step-done' }[now];
  for (const item of document.querySelectorAll('.steps li')) {
    if (item.id === step) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
}

function paintBar() {
  const seats = [...it.chosen];
  const shows = it.flight && seats.length && ['choose', 'held'].includes(phase());
  const [press, label] = phase() === 'choose' ? ['reserve-button', it.busy ? 'Reserving…' : 'Reserve']
    : isChanged() ? ['change-button', it.busy ? 'Changing…' : 'Change'] : ['code', 'Pay'];
  put(byId('bar'), shows ? render('bar', {
    ...countdown(), seatList: seats.join(', '), total: sum(seats), busy: it.busy && 'busy', press, label,
  }) : '');
}

function titleOf(now) {
  const what = { choose: 'Choose seats', held: 'Pay', paying: 'Payment', confirmed: 'Booked' }[now]
    || { FAILED: 'Payment failed', EXPIRED: 'Hold expired', CANCELLED: 'Cancelled' }[it.order.status];
  return `${what} · ${it.flight.flightNumber} ${it.flight.origin}–${it.flight.destination}`;
}
