// SPDX-License-Identifier: MIT
// Puts flights, cabins and seats into words for the console.

import { amountOf } from './amount.js';
import { known, listed, money, plural } from './format.js';

export const FLIGHT_STATES = { ON_SALE: ['On sale', 'good'], CLOSED: ['Closed', 'soon'], CANCELLED: ['Cancelled', 'bad'], DRAFT: ['Draft', ''] };
export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

const hasLeft = ({ departureTime }) => Date.parse(departureTime) <= Date.now();

export function flightState(flight) {
  const [label, tone] = FLIGHT_STATES[flight.status] || [flight.status, ''];
  return flight.status !== 'CANCELLED' && hasLeft(flight) ? ['Departed', ''] : [label, tone];
}

export const isOver = flight => flight.status === 'CANCELLED' || hasLeft(flight);

// "2026-10-25T02:30:00+02:00[Europe/Berlin]": the operator reads the time as it was said.
export function saidParts(said) {
  const [, day = '', time = '', offset = '', zone = ''] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:\d\d)?(?:\[(.*)\])?$/.exec(said || '') || [];
  return { day, time, offset, zone };
}

export function saidWhen(said, moment) {
  const { day, time, zone } = saidParts(said);
  if (!day) return moment ? utc(moment) : '';
  return `${day} ${time}${zone ? ` ${cityOf(zone)}` : ''}`;
}

const walls = new Map();
// What the clocks of a place show, as "2026-12-08 03:02 Tokyo".
function wall(iso, given) {
  const zone = known(given);
  if (!walls.has(zone)) walls.set(zone, new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone: zone }));
  return `${walls.get(zone).format(new Date(iso))} ${cityOf(zone)}`;
}
const cityOf = zone => zone.split('/').pop().replaceAll('_', ' ');
const utc = iso => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

// How a flight is called wherever it is mentioned: by number, route and when it leaves, and never by its id alone.
export function flightName({ flightNumber, origin, destination, departureTime, originTimeZone }, id) {
  const local = wall(departureTime, originTimeZone);
  return {
    flightNumber, route: `${origin} to ${destination}`, departs: local, departsUtc: utc(departureTime), departureTime,
    flightUrl: `/ops?flight=${encodeURIComponent(id)}`, inWords: `${flightNumber} ${origin} to ${destination}, ${local}`,
  };
}

export function flightView(flight) {
  const { sold = 0, held = 0, blocked = 0, free = 0 } = flight;
  const [label, tone] = flightState(flight);
  const total = sold + held + blocked + free;
  const key = encodeURIComponent(flight.id);
  return {
    ...flight, label, tone, key, url: `/ops?flight=${key}`, sold, held, blocked, free, total,
    departs: saidWhen(flight.departure, flight.departureTime), departsUtc: utc(flight.departureTime),
    arrives: saidWhen(flight.arrival, flight.arrivalTime),
    load: total ? `${Math.floor(100 * sold / total)} %` : '',
  };
}

// ---- names of classes and features ---------------------------------------------------------------------

export const nameOf = word => `${word[0]?.toUpperCase() ?? ''}${word.slice(1).replaceAll('-', ' ')}`;

const prices = (amounts, currency) => Object.entries(amounts || {}).map(([name, cents]) => `${nameOf(name)} ${money(cents, currency)}`).join(', ');

export const ruleLine = ({ until, feePercent, feeCents }, currency) => {
  const fee = [feePercent ? `${feePercent} %` : '', feeCents ? money(feeCents, currency) : ''].filter(Boolean).join(' and ');
  return `Until ${until} before departure ${fee ? `${fee} kept` : 'nothing kept'}`;
};

const bothTimes = (said, moment) => [...new Set([saidWhen(said, moment), moment && utc(moment)])].filter(Boolean).join(' · ');

export function factsOf(flight) {
  const { currency } = flight;
  return [
    ['Departs', bothTimes(flight.departure, flight.departureTime)], ['Arrives', bothTimes(flight.arrival, flight.arrivalTime)],
    ['Cabin', flight.cabin ? `${flight.cabin.id}, version ${flight.cabin.version}` : 'none'],
    ['Fares', prices(flight.fares, currency)], ['Surcharges', prices(flight.surcharges, currency)],
    ['Tax included', flight.taxPercent ? `${flight.taxPercent} %` : ''],
    ['Sale opens', flight.salesOpens && `${flight.salesOpens} before departure`], ['Sale closes', flight.salesCloses && `${flight.salesCloses} before departure`],
    ['Refunds', flight.refundRule?.length ? flight.refundRule.map(rule => ruleLine(rule, currency)).join('. ') : ''],
    ['Cancelled because', flight.cancelReason],
  ].filter(([, text]) => text).map(([name, text]) => ({ name, text }));
}

// ---- what an action would do, and what it did -----------------------------------------------------------

// Refunds may be in several currencies: the flight's may have changed since some orders were made.
const refundsOf = ({ refunds }) => listed(refunds.map(({ amountCents, currency }) => money(amountCents, currency)));

export function cancelLines(would) {
  const { holds = 0, payments = 0, confirmed = 0 } = would;
  const refunded = refundsOf(would);
  return [
    'The flight goes off sale at once, and for good: a cancelled flight cannot be opened again.',
    holds ? `${plural(holds, 'hold')} will end.` : 'No hold is open.',
    payments ? `${plural(payments, 'payment')} under way will end, and what they take is given back.` : '',
    confirmed ? `${plural(confirmed, 'paid order')} will be cancelled${refunded ? `, and ${refunded} refunded` : ''}.` : 'Nothing has been paid for, so nothing is refunded.',
    holds + payments + confirmed ? 'Everybody is told.' : '',
  ].filter(Boolean);
}

export function swapLines(would) {
  const { moves, stays, conflicts } = would;
  const refunded = refundsOf(would);
  return [
    stays ? `${plural(stays, 'seat')} stay${stays === 1 ? 's as it is' : ' as they are'}.` : 'No seat that is held or sold stays as it is.',
    moves.length ? `${plural(moves.length, 'seat')} move${moves.length === 1 ? 's' : ''} to another place, and the customers are told.` : 'Nobody has to move.',
    conflicts.length ? `${plural(conflicts.length, 'seat')} ${conflicts.length === 1 ? 'has' : 'have'} no place in the new cabin.` : '',
    refunded ? `${refunded} will be refunded.` : 'Nothing will be refunded.',
  ].filter(Boolean);
}

export const CONFLICTS = {
  NO_SUCH_CLASS: 'The new cabin does not have its class', NO_SEAT_LEFT: 'No seat of its class is left',
  PAYMENT_PENDING: 'It is being paid, so its price cannot change: wait until that is over',
};

export const DID = {
  close: 'The flight is off sale. A hold that was made in time may still be paid.', open: 'The flight is on sale.',
};

export function savedLine({ flightNumber, did: { holdsMoved, ordersTold } }) {
  return [
    `${flightNumber} is saved.`, holdsMoved ? `${plural(holdsMoved, 'hold')} end${holdsMoved === 1 ? 's' : ''} with the new departure.` : '',
    ordersTold ? `${plural(ordersTold, 'order')} ${ordersTold === 1 ? 'is' : 'are'} told of the new times.` : '',
  ].filter(Boolean).join(' ');
}

// ---- seats ---------------------------------------------------------------------------------------------

export const SEAT_STATES = { AVAILABLE: 'free', RESERVED: 'held', BOOKED: 'sold', BLOCKED: 'blocked' };

export function seatLine(seat, currency) {
  const price = seat.priceCents === undefined ? '' : `${currency} ${amountOf(seat.priceCents, currency)}`;
  return [nameOf(seat.class || ''), ...(seat.features || []).map(name => name.replaceAll('-', ' ')), price].filter(Boolean).join(', ');
}

// ---- seasons -------------------------------------------------------------------------------------------

export const SEASON_OUTCOMES = { MADE: 'new', CHANGED: 'changed', UNCHANGED: 'as it is' };

export function seasonLine({ made, changed }, isPreview) {
  const would = isPreview ? 'would be ' : '';
  return [made || !changed ? `${plural(made, 'flight')} ${would}made.` : '', changed ? `${plural(changed, 'flight')} ${would}changed.` : ''].filter(Boolean).join(' ');
}

// ---- imports -------------------------------------------------------------------------------------------

export const IMPORT_STATES = {
  CHECKING: 'The file is being checked.', STAGING: 'The flights are being made. Nobody sees them yet.',
  CHECKED: 'The file is in order. Nothing was changed.', PUBLISHED: 'The flights are there.',
  REFUSED: 'The file has faults. Nothing was changed.',
};
