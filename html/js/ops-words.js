// SPDX-License-Identifier: MIT
// Puts states, kinds of jobs, events, times and what happens next into words for the console.

import { duration, listed, money } from './format.js';

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
    ...order, label, tone, shortId: `${order.orderId.slice(0, 8)}…${order.orderId.slice(-6)}`,
    created: at(order.createdAt), seatList: listed(order.seats), total: money(order.totalPriceCents, order.currency),
  };
}

export const isLeased = job => job.status === 'RUNNING' && !isPast(job.runAt);

export function jobState(job) {
  if (job.status === 'FAILED') return ['Failed', 'bad'];
  if (isLeased(job)) return ['Running', 'open'];
  if (job.status === 'RUNNING') return ['Abandoned', 'soon'];
  return isPast(job.runAt) ? ['Due', 'soon'] : ['Waiting', ''];
}

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
  SEND_CONFIRMATION: () => 'the confirmation is delivered',
};

const isPending = ({ lastError }) => lastError === 'The payment gateway is still deciding';

function willDo(job, order) {
  const leased = isLeased(job);
  const work = WORK[job.kind]?.(job, leased, order) || job.kind;
  if (job.status === 'FAILED') return `Out of tries: ${kindName(job.kind).toLowerCase()} stays as it is until you retry it.`;
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
  PAYMENT_ATTEMPT: 'Payment attempt', ORDER_CONFIRMED: 'Order confirmed', ORDER_FAILED: 'Order failed', ORDER_EXPIRED: 'Hold expired',
  ORDER_CANCELLED: 'Order cancelled', VOID_REQUESTED: 'Void requested', VOID_ATTEMPT: 'Void attempt', REFUND_REQUESTED: 'Refund requested',
  REFUND_ATTEMPT: 'Refund attempt', MESSAGE_ATTEMPT: 'Message attempt', CONFIRMATION_ATTEMPT: 'Confirmation attempt',
  PERSONS_FORGOTTEN: 'Persons forgotten', SEATS_FREED_BY_ADMIN: 'Seats freed by the operator',
  JOB_RETRIED: 'Job retried by the operator', JOB_RELEASED: 'Job released by the operator',
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
    took: took(event.durationMs), at: `${atExactly(event.createdAt)} UTC`, after: gap ? `+${took(gap)}` : '',
    by: authorOf(event),
    detail: event.type.startsWith('JOB_') ? kindName(event.detail) : event.detail,
  };
}

// ---- what staff changed --------------------------------------------------------------------------------

export const ACTIONS = {
  CANCEL_ORDER: 'Canceled an order', HOLD_SEATS: 'Held seats', CHANGE_SEATS: 'Changed seats', SUBMIT_PAYMENT: 'Submitted a payment',
  FREE_SEATS: 'Freed seats', REFUND: 'Refunded', FORGET_PERSONS: 'Forgot persons', RETRY_JOB: 'Retried a job', RELEASE_JOB: 'Released a job',
  PAUSE_KIND: 'Paused a kind', RESUME_KIND: 'Resumed a kind', ADD_STAFF: 'Added staff', ROTATE_TOKEN: 'Replaced a token',
  SET_ROLE: 'Changed a role', REVOKE_TOKEN: 'Revoked a token',
};
const OBJECTS = { ORDER: 'Order', JOB: 'Job', KIND: 'Kind', STAFF: 'Staff' };

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

const shortened = id => (id.length === 36 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id);

export function changeView({ id, actor, role, action, object, was, became, reason, createdAt }) {
  return {
    id, role, reason, createdAt, at: at(createdAt), who: actor.name || `Number ${actor.id}, forgotten`,
    actorUrl: `/ops?audit&actor=${actor.id}`, what: ACTIONS[action] || action,
    kind: OBJECTS[object.kind] || object.kind, objectId: object.id, object: object.kind === 'KIND' ? kindName(object.id) : shortened(object.id),
    objectUrl: object.kind === 'ORDER' ? `/ops?order=${encodeURIComponent(object.id)}` : '',
    differences: differences(was, became),
  };
}
