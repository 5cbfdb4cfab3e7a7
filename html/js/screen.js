// SPDX-License-Identifier: MIT
// Paints the booking: the panel of its phase and, around it, the cabin, the steps and the bar. It also keeps the chosen
// seats in the address.

import { accountView, customer, mustSignIn } from './account.js';
import * as cabin from './cabin.js';
import * as clock from './clock.js';
import { fieldErrors } from './forms.js';
import { departure, duration, listed, minutesAndSeconds, money, plural } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { currency, isChanged, isLocked, isOpen, it, phase, priceOf, total } from './model.js';
import { rename } from './router.js';
import { settings } from './state.js';

const TEST_CODES = [
  ['99999', 'is approved'], ['00000', 'is declined'], ['50301', 'fails once, then is approved'],
  ['50302', 'fails twice, then is approved'], ['50300', 'fails every time'], ['50401', 'is slow to answer, then approved'],
];

const isAre = seats => (seats.length > 1 ? 'are' : 'is');
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
  return render(template, { ...it.flight, ...it.order?.flight, ...commonView(), ...(it.order ? orderView() : {}), ...view() });
}

function commonView() {
  const seats = [...it.chosen];
  const key = encodeURIComponent(it.flight.id);
  return {
    ...fieldErrors(), ...accountView(), notice: it.notice, busy: it.busy && 'busy', seats, userId: customer(),
    flightId: key, each: each(seats), total: money(total(), currency()),
  };
}

// "2 × $129.00", or "1 × $129.00 + 1 × $149.00" when one seat was held earlier at another price.
function each(seats) {
  const counts = new Map();
  for (const price of seats.map(priceOf)) counts.set(price, (counts.get(price) || 0) + 1);
  return [...counts].map(([price, count]) => `${count} × ${money(price, currency())}`).join(' + ');
}

function orderView() {
  const { orderId, userId, seats, message, totalPriceCents, currency } = it.order;
  return {
    orderId, userId, message, held: seats, heldList: listed(seats), price: money(totalPriceCents, currency),
    cancelLabel: it.busy === 'cancel' ? 'Cancelling…' : 'Cancel booking',
    cancelText: phase() === 'paying' ? 'What your payment may have taken is given back.' : '',
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
    title: clock.isOver() ? 'Your time is over' : 'Your seats are held',
    hint: clock.isOver() ? 'Checking what has become of your seats…' : 'left to pay',
    restarted: performance.now() - it.restartedAt < 1500 ? 'restarted' : '',
    warning: it.warned && { tone: it.warned === 30 ? 'bad' : 'soon', text: warningText() },
    changed: isChanged(), cannotChange: !seats.length,
    changeText: seats.length ? 'The change starts your time again.' : 'Choose at least one seat, or cancel the booking.',
    changeLabel: it.busy === 'change' ? 'Changing…' : `Change to ${seats.length ? listed(seats) : '…'}`,
    payLabel: it.busy === 'pay' ? 'Sending…' : `Pay ${money(it.order.totalPriceCents, it.order.currency)}`,
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
    lastError: lastError && inWords(lastError), delayed: it.isDelayed,
  };
}

// The gateway's own words are for operators; the console shows them.
const inWords = error => (/in time/.test(error) ? 'Your bank did not answer in time.' : 'Your payment could not be made at that moment.');

function ticketView() {
  const { date, time, zone } = departure({ ...it.flight, ...it.order.flight });
  return { when: `${date}, ${time}`, zone, seatList: it.order.seats.join(' ') };
}

function overView() {
  const { status, seats } = it.order;
  const again = it.stillFree || [];
  return {
    title: { FAILED: 'Your payment did not go through', EXPIRED: 'Your time ran out', CANCELLED: 'Booking cancelled' }[status],
    tone: { FAILED: 'bad', EXPIRED: 'late' }[status],
    charged: mayBeCharged(it.order) ? 'not kept' : 'not charged',
    givenBack: mayBeCharged(it.order),
    again, againText: againText(again, seats.filter(id => !again.includes(id))),
    againLabel: it.busy ? 'Reserving…' : `Start again with ${listed(again)}`,
  };
}

// A failed attempt may have taken the money all the same; then the gateway is told to give it back.
const mayBeCharged = ({ paymentAttempts, lastError }) => paymentAttempts > 0 && !/^Payment declined/.test(lastError);

function againText(free, taken) {
  if (it.stillFree === null) return 'Checking whether your seats are still free…';
  if (!free.length) return `${listed(taken)} ${isAre(taken)} no longer free.`;
  if (taken.length) return `${listed(free)} ${isAre(free)} still free; ${listed(taken)} no longer.`;
  return `${free.length > 1 ? 'All your seats are' : 'Your seat is'} still free.`;
}

export function paintPanel() {
  if (!byId('panel')) return;
  put(byId('panel'), panel());
  paintBar();
  if (it.flight) nameSeats();
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
  paintTitle();
  // The focused element may be gone with the previous phase.
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
  byId('cabin-price').textContent = money(it.flight.priceCents, it.flight.currency);
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
  const isOffered = it.flight && seats.length > 0 && ['choose', 'held'].includes(phase());
  const notice = isOutOfSight(byId('notice')) ? it.notice : null;
  const [press, label] = phase() === 'choose' && mustSignIn() ? ['sign-in-button', 'Sign in']
    : phase() === 'choose' ? ['reserve-button', it.busy ? 'Reserving…' : 'Reserve']
    : isChanged() ? ['change-button', it.busy ? 'Changing…' : 'Change'] : ['code', 'Pay'];
  put(byId('bar'), isOffered || notice ? render('bar', {
    ...countdown(), isOffered, notice, seatList: seats.join(', '), total: it.flight && money(total(), currency()),
    busy: it.busy && 'busy', press, label,
  }) : '');
}

// When the panel's notice is out of sight, the bar shows it.
function isOutOfSight(notice) {
  if (!notice) return false;
  const { top, bottom } = notice.getBoundingClientRect();
  return top < 0 || bottom > (window.visualViewport?.height || innerHeight) - byId('bar').offsetHeight;
}

// ---- the address ---------------------------------------------------------------------------------------

function nameSeats() {
  const [name, id] = it.order ? ['order', it.order.orderId] : ['flight', it.flight.id];
  const seats = phase() === 'choose' || isChanged() ? [...it.chosen] : [];
  rename(`/?${name}=${encodeURIComponent(id)}${seats.length ? `&seats=${seats.map(encodeURIComponent).join(',')}` : ''}`);
}

// ---- the title -----------------------------------------------------------------------------------------

// The title also serves customers who look at another tab, perhaps for the payment code.
export function paintTitle() {
  const title = titleOf(phase());
  if (document.title !== title) document.title = title;
}

function titleOf(now) {
  const what = { choose: 'Choose seats', held: 'Pay', paying: 'Payment', confirmed: 'Booked' }[now]
    || { FAILED: 'Payment failed', EXPIRED: 'Hold expired', CANCELLED: 'Cancelled' }[it.order.status];
  const left = now === 'held' && clock.isRunning() ? `${timeLeft()} · ` : '';
  return `${left}${what} · ${it.flight.flightNumber} ${it.flight.origin}–${it.flight.destination}`;
}

function timeLeft() {
  if (clock.isOver()) return 'Time is over';
  return `${clock.left() <= 120 ? '⚠ ' : ''}${minutesAndSeconds(clock.left())} left`;
}
