// SPDX-License-Identifier: MIT
// Formats money, times and lists.

import { isEnglish, isolated, locale, words } from './words.js';

const list = new Intl.ListFormat(locale, { type: 'conjunction' });

export const listed = items => list.format([...items].map(isolated));
// For the console, which speaks English.
export const plural = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`;

// The number of decimals follows ISO 4217, list one, and not the browser, which may show fewer. It is two for all
// currencies but these.
const DECIMALS = new Map(Object.entries({
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
}).flatMap(([decimals, codes]) => codes.split(' ').map(code => [code, Number(decimals)])));

export const decimalsOf = currency => DECIMALS.get(currency) ?? 2;

const currencies = new Map();
export function money(minor, currency) {
  const decimals = decimalsOf(currency);
  if (!currencies.has(currency)) {
    currencies.set(currency, new Intl.NumberFormat(isEnglish ? 'en' : locale, {
      style: 'currency', currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals,
    }));
  }
  return currencies.get(currency).format(minor / 10 ** decimals);
}

const day = zone => ({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: zone });
const clock = zone => ({ hour: '2-digit', minute: '2-digit', timeZone: zone });

// Making a formatter takes longer than using it.
const formats = new Map();
function format(when, options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, options));
  return formats.get(key).format(when);
}

// When summer time ends, an hour comes twice (half an hour on Lord Howe Island). Then the time alone is ambiguous.
const HOUR_MS = 3600000;
const wall = (ms, zone) => format(ms, { ...day(zone), ...clock(zone) });
const isTwice = (when, zone) => [-HOUR_MS, HOUR_MS, -HOUR_MS / 2, HOUR_MS / 2].some(shift => wall(+when, zone) === wall(+when + shift, zone));

function offset(when, zone) {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'short', hour: 'numeric' }).formatToParts(when);
  return parts.find(({ type }) => type === 'timeZoneName').value;
}

const timeIn = (when, zone) => format(when, clock(zone)) + (isTwice(when, zone) ? ` (${offset(when, zone)})` : '');

// A moment as the clocks of a place show it.
function local(when, timeZone) {
  const zone = known(timeZone);
  return { date: format(when, day(zone)), time: timeIn(when, zone), zone: zone.split('/').pop().replaceAll('_', ' ') };
}

// Shows a departure in the airport's time and, where it differs, in the reader's.
export function departure(flight) {
  const when = new Date(flight.departureTime);
  const there = local(when, flight.originTimeZone);
  const here = timeIn(when);
  const sameDay = there.date === format(when, day());
  return { ...there, yourTime: sameDay && here === there.time ? '' : sameDay ? here : words('booking.when', { date: format(when, day()), time: here }) };
}

// Null where it is not known when a flight arrives.
export const arrival = ({ arrivalTime, destinationTimeZone }) => arrivalTime && local(new Date(arrivalTime), destinationTimeZone);

// An older browser may not know a newer time zone.
export function known(zone) {
  try {
    new Intl.DateTimeFormat(locale, { timeZone: zone });
    return zone || 'UTC';
  } catch {
    return 'UTC';
  }
}

// The day on which a moment falls at a place, "2026-03-15".
export const dayOf = (iso, zone) => new Intl.DateTimeFormat('en-CA', { timeZone: known(zone), year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(iso));

// A day of the calendar, "2026-03-15", without a year.
export const dayInWords = day => format(new Date(`${day}T12:00:00Z`), { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' });

export function minutesAndSeconds(seconds) {
  const two = n => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

export function duration(seconds) {
  return seconds > 120 || (seconds >= 60 && seconds % 60 === 0) ? words('time.minutes', { count: Math.floor(seconds / 60) })
    : words('time.seconds', { count: seconds });
}

export const dated = iso => format(new Date(iso), { ...day(), ...clock() });
