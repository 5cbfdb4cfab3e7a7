// SPDX-License-Identifier: MIT
// Puts states, kinds of jobs, events, times and what happens next into words for the console.

import { dated, duration, listed, money } from './format.js';
import { flightName } from './ops-flight-words.js';

export const STATES = {
  SEATS_RESERVED: ['Held', 'open'], PAYMENT_PENDING: ['Paying', 'open'], CONFIRMED: ['Confirmed', 'good'],
  FAILED: ['Failed', 'bad'], EXPIRED: ['Expired', ''], CANCELLED: ['Cancelled', ''],
};

export const KINDS = {
  EXPIRE_HOLD: ['Expire hold', 'ends holds whose time is over', 'Holds end on time all the same, for readers and for buyers. Only their rows are tidied up later.'],
  PAYMENT_ATTEMPT: ['Payment attempt', 'asks the gateway for the money', 'Customers who pay wait until you resume. Attempts under way are finished.'],
  VOID_CHARGE: ['Void charge', 'gives back what must not be kept', 'Charges of orders that ended are kept until you resume.'],
  REFUND_CHARGE: ['Refund charge', 'gives back what was asked to be refunded', 'Customers wait for their money until you resume.'],
  SEND_MESSAGE: ['Send message', 'tells the receiver what happens to orders', 'The receiver hears nothing until you resume; what is a day old then is not told.'],
  SEND_MAIL: ['Send mail', 'writes to customers who have paid', 'Customers get no mail until you resume; what is a day old then is not sent.'],
  CANCEL_FLIGHT: ['Cancel flight', 'ends the orders of cancelled flights, and gives the money back', 'Customers of cancelled flights are told, and get their money back, when you resume. Such a flight is off sale all the same.'],
  IMPORT_FLIGHTS: ['Import flights', 'makes flights of the files that operators have sent', 'Files of flights wait until you resume.'],
  TELL_FLIGHT: ['Tell flight', 'tells of new times of a flight, and moves the ends of holds', 'Customers learn of new times when you resume. Holds end with the departure all the same.'],
  RECONCILE: ['Reconcile', "compares the gateway's books with ours, where staff have asked for it", 'Reports wait until you resume.'],
  SEND_CONFIRMATION: ['Send confirmation', 'tells of orders that were paid', 'Confirmations wait until you resume.'],
};
export const kindName = kind => KINDS[kind]?.[0] || kind;

export const RELEASE = 'For a sweeper that hangs. The job is due for another at once, and whatever this sweeper still answers is refused. A payment is repeated under the same key, so nothing is charged twice.';

// ---- times ---------------------------------------------------------------------------------------------

let ahead = 0;   // how far the server's clock is ahead of this one, in milliseconds

export function serverTime(iso) {
  ahead = Date.parse(iso) - Date.now();
}

const now = () => Date.now() + ahead;
const pad = (n, digits = 2) => String(n).padStart(digits, '0');

export function at(iso) {
  const when = new Date(iso);
  return `${when.getUTCFullYear()}-${pad(when.getUTCMonth() + 1)}-${pad(when.getUTCDate())} ${clockOf(when)}`;
}

export function atExactly(iso) {
  return `${at(iso)}.${pad(new Date(iso).getUTCMilliseconds(), 3)}`;
}

const clockOf = when => `${pad(when.getUTCHours())}:${pad(when.getUTCMinutes())}:${pad(when.getUTCSeconds())}`;
// As the clock of whoever reads it shows it; the console's times are UTC otherwise.
export const yours = iso => `${dated(iso)}, your time`;
export const today = () => new Date(now()).toISOString().slice(0, 10);

export function took(ms) {
  if (ms === null || ms === undefined) return '';
  return ms < 1000 ? `${ms} ms` : ms < 120000 ? `${(ms / 1000).toFixed(1)} s` : duration(Math.round(ms / 1000));
}

function long(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86400)} days`;
}

export function relative(iso) {
  const ms = Date.parse(iso) - now();
  return Math.abs(ms) < 500 ? 'just now' : ms > 0 ? `in ${long(ms)}` : `${long(-ms)} ago`;
}

const isPast = iso => Date.parse(iso) <= now();

// ---- orders and jobs -----------------------------------------------------------------------------------

export function orderView(order) {
  const [label, tone] = STATES[order.status] || [order.status, ''];
  return {
    ...order, label, tone, shortId: shortened(order.orderId), ...flightName(order.flight, order.flightId),
    created: at(order.createdAt), createdHere: yours(order.createdAt), seatList: listed(order.seats), total: money(order.totalPriceCents, order.currency),
  };
}

export const isLeased = job => job.status === 'RUNNING' && !isPast(job.runAt);

export function jobState(job) {
  if (job.status === 'FAILED') return ['Failed', 'bad'];
  if (isLeased(job)) return ['Running', 'open'];
  if (job.status === 'RUNNING') return ['Abandoned', 'soon'];
  return isPast(job.runAt) ? ['Due', 'soon'] : ['Waiting', ''];
}

// What a job is about: an order, and the flight that it or its order is of.
export const jobAbout = ({ orderId, flightId, flight }) => ({
  orderShort: orderId && shortened(orderId), orderUrl: orderId && orderUrl(orderId),
  flight: flight && flightName(flight, flightId || '').inWords, flightUrl: flightId && `/ops?flight=${encodeURIComponent(flightId)}`,
});

export const triesOf = ({ attempts, maxAttempts }) => (maxAttempts ? `${attempts} of ${maxAttempts}` : String(attempts));

// ---- what happens next ---------------------------------------------------------------------------------

export function next(order, jobs, queue) {
  const lines = jobs.flatMap(job => [{ text: willDo(job, order) }, ...hindrances(job, queue)]);
  const open = ['SEATS_RESERVED', 'PAYMENT_PENDING'].includes(order.status);
  if (order.status === 'SEATS_RESERVED') {
    lines.push({ text: 'Until then the customer may pay, choose other seats, which starts the time anew, or cancel.' });
  }
  if (!lines.length) {
    lines.push({ text: open ? 'Nothing is planned, which should not be: an open order has a job.' : 'Nothing: this order is done.', tone: open ? 'bad' : '' });
  }
  return lines;
}

const WORK = {
  EXPIRE_HOLD: () => 'the hold is ended and the seats become free',
  PAYMENT_ATTEMPT: (job, leased, { paymentAttempts, maxPaymentAttempts }) => isPending(job) ? 'the gateway is asked whether it has decided'
    : `payment attempt ${Math.min(paymentAttempts + (leased ? 0 : 1), maxPaymentAttempts) || 1} of ${maxPaymentAttempts} is made at the gateway`,
  VOID_CHARGE: () => 'the gateway is told to give back whatever it took, again and again until it answers',
  REFUND_CHARGE: () => 'the refund is made at the gateway, once, however often it is asked',
  SEND_MESSAGE: () => 'the receiver is told what has happened to the order, one message after the other',
  SEND_MAIL: () => 'the customer is written to, one mail after the other',
  CANCEL_FLIGHT: () => 'the orders of the cancelled flight are ended, one after the other',
  IMPORT_FLIGHTS: () => 'the file is checked, its flights are staged, and all are published together',
  TELL_FLIGHT: () => 'the orders of the flight are told of its new times',
  RECONCILE: () => "a page of the gateway's list is read, and all is compared in the end",
  SEND_CONFIRMATION: () => 'the confirmation is delivered',
};

const isPending = ({ lastError }) => lastError === 'The payment gateway is still deciding';

function willDo(job, order) {
  const leased = isLeased(job);
  const work = WORK[job.kind]?.(job, leased, order) || job.kind;
  if (job.status === 'FAILED') return `Out of tries or set aside: ${kindName(job.kind).toLowerCase()} stays as it is until you retry it.`;
  if (leased) {
    const then = job.kind === 'PAYMENT_ATTEMPT' ? ' under the same key, so nothing is charged twice' : '';
    return `Right now ${work}, by ${job.lockedBy}. Should that sweeper die, its lease ends ${relative(job.runAt)}, and another goes on${then}.`;
  }
  if (job.kind === 'PAYMENT_ATTEMPT' && order.paymentAttempts >= order.maxPaymentAttempts && !isPending(job)) {
    return 'Its tries are used up and the last one was abandoned: the order fails, its seats become free, and a void is sent.';
  }
  if (job.kind === 'EXPIRE_HOLD' && order.status === 'EXPIRED') return `The hold is over; a sweeper will tidy up ${soon(job.runAt)}.`;
  return `${soon(job.runAt)[0].toUpperCase()}${soon(job.runAt).slice(1)} ${work}.`;
}

const soon = iso => (isPast(iso) ? 'as soon as a sweeper is free,' : `${relative(iso)} (${at(iso)} UTC)`);

function hindrances(job, queue) {
  if (!queue || job.status === 'FAILED' || isLeased(job)) return [];
  const paused = queue.kinds.find(({ kind }) => kind === job.kind)?.pausedAt;
  if (paused) return [{ text: `But ${kindName(job.kind).toLowerCase()} has been paused since ${at(paused)} UTC: it waits until you resume it.`, tone: 'soon' }];
  return queue.sweepers ? [] : [{ text: 'But no sweeper is running: it waits until one is.', tone: 'bad' }];
}

// ---- events --------------------------------------------------------------------------------------------

const EVENTS = {
  ORDER_CREATED: 'Order created', SEATS_RESERVED: 'Seats held', SEATS_CHANGED: 'Seats changed', PAYMENT_SUBMITTED: 'Payment submitted',
  PAYMENT_ATTEMPT: 'Payment attempt', PAYMENT_DECLINED: 'Payment declined, hold goes on', ORDER_CONFIRMED: 'Order confirmed', ORDER_FAILED: 'Order failed', ORDER_EXPIRED: 'Hold expired',
  ORDER_CANCELLED: 'Order cancelled', VOID_REQUESTED: 'Void requested', VOID_ATTEMPT: 'Void attempt', REFUND_REQUESTED: 'Refund requested',
  FLIGHT_CHANGED: 'Flight changed',
  REFUND_ATTEMPT: 'Refund attempt', MESSAGE_ATTEMPT: 'Message attempt', MAIL_ATTEMPT: 'Mail attempt',
  CONFIRMATION_ATTEMPT: 'Confirmation attempt', PASSENGER_BOARDED: 'Passenger boarded', PERSONS_FORGOTTEN: 'Persons forgotten', PASSENGERS_CHANGED: 'Passengers changed',
  HOLD_EXTENDED: 'Hold extended', MESSAGE_REPEATED: 'Message sent again',
  SEATS_FREED_BY_ADMIN: 'Seats freed by the operator',
  JOB_SET_ASIDE: 'Job set aside', JOB_RETRIED: 'Job retried by the operator', JOB_RELEASED: 'Job released by the operator',
};
const TONES = {
  APPROVED: 'good', VOIDED: 'good', SENT: 'good', REFUNDED: 'good', REFUSED: 'bad', DECLINED: 'bad', ERROR: 'bad', TIMEOUT: 'bad', ABANDONED: 'soon', PENDING: 'soon', LATE_APPROVAL: 'soon',
  ORDER_CONFIRMED: 'good', ORDER_FAILED: 'bad',
};

// A reader or a buyer may end a hold whose time is over; the history does not tell that from the customer's own doing.
const AUTHORS = { customer: 'the customer', system: 'the sweeper' };

function authorOf({ by, actor, worker }) {
  if (by === 'staff') return actor ? `${actor} (staff)` : 'staff';
  return AUTHORS[by] || (worker ? AUTHORS.system : '');
}

export function eventView(event, before) {
  const name = EVENTS[event.type] || event.type;
  const gap = before ? Date.parse(event.createdAt) - Date.parse(before.createdAt) : 0;
  return {
    ...event, title: event.attempt ? `${name} ${event.attempt}` : name,
    tone: TONES[event.outcome] || TONES[event.type] || '',
    took: took(event.durationMs), at: `${atExactly(event.createdAt)} UTC`, here: yours(event.createdAt), after: gap ? `+${took(gap)}` : '',
    by: authorOf(event),
    detail: event.type.startsWith('JOB_') ? kindName(event.detail) : event.detail,
  };
}

// ---- what staff changed --------------------------------------------------------------------------------

export const ACTIONS = {
  CANCEL_ORDER: 'Canceled an order', HOLD_SEATS: 'Held seats', EXTEND_HOLD: 'Extended a hold', RESEND: 'Sent a message again', CHANGE_SEATS: 'Changed seats', SUBMIT_PAYMENT: 'Submitted a payment',
  FREE_SEATS: 'Freed seats', REFUND: 'Refunded', FORGET_PERSONS: 'Forgot persons', NAME_PASSENGERS: 'Named passengers', RETRY_JOB: 'Retried a job', RELEASE_JOB: 'Released a job', SET_ASIDE_JOB: 'Set a job aside',
  PAUSE_KIND: 'Paused a kind', RESUME_KIND: 'Resumed a kind', ADD_STAFF: 'Added staff', ROTATE_TOKEN: 'Replaced a token',
  SET_ROLE: 'Changed a role', REVOKE_TOKEN: 'Revoked a token', CANCEL_FLIGHT: 'Cancelled a flight',
  BLOCK_SEATS: 'Blocked seats', UNBLOCK_SEATS: 'Unblocked seats', BOARD: 'Boarded a passenger', SWAP_CABIN: 'Gave a flight another cabin',
  PUT_CABIN: 'Wrote a cabin', REMOVE_CABIN: 'Removed a cabin', PUT_PLACE: 'Wrote a place', REMOVE_PLACE: 'Removed a place',
  PUT_FLIGHT: 'Made or changed a flight', REMOVE_FLIGHT: 'Removed a flight', CLOSE_FLIGHT: 'Closed a flight', OPEN_FLIGHT: 'Opened a flight',
  IMPORT_FLIGHTS: 'Imported flights', RECONCILE: 'Compared a day with the gateway',
};

// What is not alike in the gateway's books and in ours: a title, and what it means.
export const FINDINGS = {
  ONLY_GATEWAY: ['Only the gateway knows these', 'The gateway captured a charge that day of which we know no payment.'],
  ONLY_BOOKING: ['Only we know these', 'A payment that was submitted that day is approved, and the gateway does not list it.'],
  AMOUNT_DIFFERS: ['The amounts differ', 'Both know the charge, with different amounts or currencies.'],
  STATE_DIFFERS: ['Kept by one side only', 'The gateway keeps money of a payment that was not approved and that no void is on its way for, or the other way round.'],
  REFUNDS_DIFFER: ['The refunds differ', 'What the gateway has given back is not what was refunded, nor that with what is being refunded.'],
};

const OBJECTS = { ORDER: 'Order', JOB: 'Job', KIND: 'Kind', STAFF: 'Staff', FLIGHT: 'Flight', IMPORT: 'Import', CABIN: 'Cabin', PLACE: 'Place', DAY: 'Day' };

// "paymentAttempts" becomes "payment attempts".
const spaced = name => name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
const shown = value => (Array.isArray(value) ? value.map(shown).join(', ') || 'none' : value === true ? 'yes' : value === false ? 'no'
  : value === null ? 'none' : typeof value === 'object' ? JSON.stringify(value) : String(value));

// One line for each fact that is not the same before and after.
function differences(was, became) {
  const names = [...new Set([...Object.keys(was || {}), ...Object.keys(became || {})])];
  return names.map(name => {
    const [hasWas, hasBecame] = [was, became].map(state => Boolean(state && name in state));
    const inWords = state => (name === 'status' && STATES[state.status]?.[0]) || shown(state[name]);
    return { name: spaced(name), hasWas, hasBecame, isBoth: hasWas && hasBecame, was: hasWas && inWords(was), became: hasBecame && inWords(became) };
  }).filter(line => !line.isBoth || line.was !== line.became);
}

const URLS = {
  ORDER: id => orderUrl(id), FLIGHT: id => `/ops?flight=${encodeURIComponent(id)}`,
  CABIN: id => `/ops?cabin=${encodeURIComponent(id)}`, PLACE: id => `/ops?place=${encodeURIComponent(id)}`,
  DAY: id => `/ops?reconciliation=${encodeURIComponent(id)}`,
};
export const orderUrl = id => `/ops?order=${encodeURIComponent(id)}`;
export const shortened = id => (id.length === 36 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id);

const nameOf = ({ kind, id, flight }) => (kind === 'KIND' ? kindName(id) : kind === 'FLIGHT' && flight ? flightName(flight, id).inWords : shortened(id));

export function changeView({ id, actor, role, action, object, was, became, reason, createdAt }) {
  return {
    id, role, reason, createdAt, at: at(createdAt), here: yours(createdAt), who: actor.name || `Number ${actor.id}, forgotten`,
    actorUrl: `/ops?audit&actor=${actor.id}`, what: ACTIONS[action] || action,
    kind: OBJECTS[object.kind] || object.kind, objectId: object.id, object: nameOf(object),
    about: object.kind === 'ORDER' && object.flight ? flightName(object.flight, '').inWords : '',
    objectUrl: URLS[object.kind]?.(object.id) || '',
    differences: differences(was, became),
  };
}
