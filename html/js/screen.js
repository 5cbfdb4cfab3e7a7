// SPDX-License-Identifier: MIT
// Paints the booking: the panel of its phase and, around it, the cabin, the steps and the bar. It also keeps the chosen
// seats in the address.

import { accountView, customer, mustSignIn } from './account.js';
import { afterSaleView } from './after-sale.js';
import * as cabin from './cabin.js';
import * as clock from './clock.js';
import { exitView } from './exit-rows.js';
import * as filters from './filters.js';
import { fieldErrors } from './forms.js';
import { duration, listed, minutesAndSeconds, money } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { currency, isChanged, isLocked, isOpen, it, may, phase, priceOf, total } from './model.js';
import * as overview from './overview.js';
import { again as typedBefore, asksPersons, personsView, seating, travelers, wantsPersons } from './passengers.js';
import { rename } from './router.js';
import { settings } from './state.js';
import { drawCode, linesView, ticketView } from './ticket.js';
import { words } from './words.js';

const TEST_CODES = ['99999', '00000', '50301', '50302', '50300', '50401'];

const countdown = () => ({
  remaining: clock.isRunning() ? minutesAndSeconds(clock.left()) : '',
  urgency: clock.isRunning() && clock.left() <= 30 ? 'urgent' : clock.isRunning() && clock.left() <= 120 ? 'soon' : '',
});

// ---- the panel -----------------------------------------------------------------------------------------

const PANELS = {
  choose: ['panel-choose', chooseView], held: ['panel-held', heldView], paying: ['panel-paying', payingView],
  confirmed: ['panel-confirmed', confirmedView], reseat: ['panel-reseat', reseatView], over: ['panel-over', overView],
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
    ...exitView(seats),
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
    cancelLabel: words(it.busy === 'cancel' ? 'cancel.busy' : 'cancel.button'),
    cancelText: phase() === 'paying' ? words('cancel.paid') : '',
  };
}

function chooseView() {
  const count = it.chosen.size;
  return {
    holdFor: duration(settings.reservationTimeoutSeconds), best: !count && bestView(),
    reserveLabel: it.busy ? words('choose.busy') : count ? words('choose.reserve-seats', { count }) : words('choose.reserve'),
  };
}

// How many are wanted together, and where: the system then chooses.
const bestView = () => ({
  counts: Array.from({ length: settings.maxSeatsPerOrder }, (_, i) => ({ count: i + 1, label: words('best.count', { count: i + 1 }), isUsual: i === 1 })),
  label: words(it.busy ? 'choose.busy' : 'best.button'),
});

function heldView() {
  const seats = [...it.chosen];
  return {
    ...countdown(),
    title: words(clock.isOver() ? 'held.over' : 'held.title'),
    hint: words(clock.isOver() ? 'held.checking' : 'held.left'),
    restarted: performance.now() - it.restartedAt < 1500 ? 'restarted' : '',
    warning: it.warned && may('change') && { tone: it.warned === 30 ? 'bad' : 'soon', text: warningText() },
    mayPay: may('pay'), mayCancel: may('cancel'), mayChange: may('change'), changed: isChanged(), cannotChange: !seats.length,
    changeText: words(seats.length ? 'change.restarts' : 'change.none'),
    changeLabel: it.busy === 'change' ? words('change.busy') : words('change.to', { seats: listed(seats) || '…' }),
    ...namesView(seats),
    asksCode: settings.paymentCode !== 'none', notice: it.notice || afterDecline(),
    payLabel: it.busy === 'pay' ? words('pay.busy') : words('pay.amount', { amount: money(it.order.totalPriceCents, it.order.currency) }),
    simulator: settings.paymentSimulator,
    failurePercent: Math.round(settings.paymentFailureRate * 100),
    codes: TEST_CODES.map(code => ({ code, what: words(`demo.${code}`) })),
  };
}

// A declined payment may leave the hold as it was.
const afterDecline = () => (it.order.lastError ? { tone: 'bad', text: it.order.message } : null);

// Who travels is asked first, and then shown.
function namesView(seats) {
  const { seats: inOrder, ids, leaving } = seating(seats);
  const names = travelers();
  return {
    inOrder,
    persons: asksPersons() && personsView(), personsLabel: words(it.busy === 'name' ? 'pay.busy' : it.renames ? 'rename.button' : 'persons.continue'),
    travelers: names, hasTravelers: names.length > 0,
    stay: ids, leaving: leaving.length > 0 && words('change.leaving', { names: listed(leaving), count: leaving.length }),
  };
}

export const warningText = () => words(it.warned === 30 ? 'held.urgent' : 'held.soon');

function payingView() {
  const { maxPaymentAttempts: most, paymentAttempts, lastError, paymentUrl } = it.order;
  const now = Math.min(Math.max(1, paymentAttempts + (lastError ? 1 : 0)), most);
  const stateOf = number => (number < now ? 'failed' : number === now ? 'under-way' : 'not-needed');
  return {
    attempts: Array.from({ length: most }, (_, i) => ({ number: i + 1, name: stateOf(i + 1), state: words(`attempt.${stateOf(i + 1)}`) })),
    lastError: lastError && reasonOf(lastError), mayCancel: may('cancel'), paymentUrl, delayed: it.isDelayed,
  };
}

// The gateway's own words are for operators; the console shows them.
const reasonOf = error => words(/in time/.test(error) ? 'paying.no-answer' : 'paying.not-made');

function confirmedView() {
  const after = afterSaleView();
  return { ...ticketView(), ...after, persons: after.renaming && personsView(), personsLabel: words(it.busy === 'name' ? 'pay.busy' : 'rename.button') };
}

// After the sale the number of seats stays, and so does the price, or what is left of it is given back.
function reseatView() {
  const chosen = [...it.chosen];
  const { seats, totalPriceCents, currency } = it.order;
  const missing = seats.length - chosen.length;
  const less = totalPriceCents - total();
  return {
    inOrder: seating(chosen).seats, cannotChange: missing || !isChanged() || less < 0,
    text: missing > 0 ? words('reseat.choose-more', { count: missing }) : !isChanged() ? words(seats.length === 1 ? 'reseat.how-one' : 'reseat.how')
      : less < 0 ? words('reseat.dearer', { amount: money(-less, currency) }) : less > 0 ? words('reseat.cheaper', { amount: money(less, currency) }) : words('reseat.same'),
    changeLabel: it.busy === 'reseat' ? words('change.busy') : words('change.to', { seats: listed(chosen) || '…' }),
  };
}

function overView() {
  const { status, seats, locator } = it.order;
  if (status === 'CANCELLED' && locator) return soldView();
  const again = it.stillFree || [];
  const { persons = [], contact = [] } = again.length ? typedBefore(again.length) : {};
  return {
    persons, contact,
    title: words(`over.${status}`),
    tone: { FAILED: 'bad', EXPIRED: 'late' }[status],
    charged: words(mayBeCharged(it.order) ? 'over.not-kept' : 'over.not-charged'),
    givenBack: mayBeCharged(it.order),
    again, againText: againText(again, seats.filter(id => !again.includes(id))),
    againLabel: it.busy ? words('choose.busy') : words('over.again', { seats: listed(again) }),
  };
}

// It was paid, and cancelled later.
function soldView() {
  const { totalPriceCents, currency } = it.order;
  return {
    title: words('over.CANCELLED'), tone: 'good', isSold: true, lines: linesView(it.order), refunds: afterSaleView().refunds,
    paid: money(totalPriceCents, currency),
  };
}

// A failed attempt may have taken the money all the same; then the gateway is told to give it back.
const mayBeCharged = ({ paymentAttempts, lastError }) => paymentAttempts > 0 && !/^Payment declined/.test(lastError);

function againText(free, taken) {
  if (it.stillFree === null) return words('over.checking');
  if (!free.length) return words('seats.gone', { seats: listed(taken), count: taken.length });
  if (taken.length) return words('over.some-free', { free: listed(free), taken: listed(taken), count: free.length });
  return words('over.all-free', { count: free.length });
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
  if (now === 'confirmed') drawCode();
  // The focused element may be gone with the previous phase.
  if (it.hasMoved) focusHeading(byId('panel'));
  it.hasMoved = false;
}

function paintCabin(now) {
  const place = byId('cabin');
  place.hidden = now !== 'choose' && !isOpen();
  place.toggleAttribute('data-locked', isLocked());
  if (place.hidden) return;
  filters.paint();
  cabin.paint();
  overview.paint();
  byId('cabin-title').textContent = words({ choose: 'cabin.choose', held: 'cabin.change', reseat: 'cabin.change' }[now] || 'cabin.title');
  byId('cabin-limits').hidden = now === 'reseat';
  byId('cabin-most').textContent = settings.maxSeatsPerOrder;
  byId('cabin-price').textContent = cabin.hasPrices() ? words('flights.price-from', { price: money(cabin.lowestPrice(), it.flight.currency) })
    : money(it.flight.priceCents, it.flight.currency);
}

function paintSteps(now) {
  const step = { choose: 'step-seats', held: asksPersons() ? 'step-persons' : 'step-pay', paying: 'step-pay', confirmed: 'step-done' }[now];
  byId('step-persons').hidden = !wantsPersons();
  for (const item of document.querySelectorAll('.steps li')) {
    if (item.id === step) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
}

function paintBar() {
  const seats = [...it.chosen];
  const isOffered = it.flight && seats.length > 0 && ['choose', 'held', 'reseat'].includes(phase());
  const notice = isOutOfSight(byId('notice')) ? it.notice : null;
  const [press, label] = phase() === 'choose' && mustSignIn() ? ['sign-in-button', 'account.sign-in']
    : phase() === 'choose' ? ['reserve-button', it.busy ? 'choose.busy' : 'choose.reserve']
    : phase() === 'reseat' ? ['reseat-button', it.busy ? 'change.busy' : 'change.button']
    : isChanged() ? ['change-button', it.busy ? 'change.busy' : 'change.button']
    : asksPersons() ? ['persons-button', 'persons.continue-short'] : [settings.paymentCode === 'none' ? 'pay-button' : 'code', 'pay.button'];
  put(byId('bar'), isOffered || notice ? render('bar', {
    ...countdown(), isOffered, notice, seatList: seats.join(', '), total: it.flight && money(total(), currency()),
    busy: it.busy && 'busy', press, label: words(label),
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
  const what = now === 'over' ? words(`status.${it.order.status}`) : words(`title.${now}`);
  const left = now === 'held' && clock.isRunning() ? `${timeLeft()} · ` : '';
  return `${left}${what} · ${it.flight.flightNumber} ${it.flight.origin}–${it.flight.destination}`;
}

function timeLeft() {
  if (clock.isOver()) return words('title.over');
  return `${clock.left() <= 120 ? '⚠ ' : ''}${words('title.left', { time: minutesAndSeconds(clock.left()) })}`;
}
