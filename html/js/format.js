// SPDX-License-Identifier: MIT
// Formats money, times and lists.

const LOCALE = 'en-GB';
const list = new Intl.ListFormat(LOCALE, { type: 'conjunction' });

export const listed = items => list.format([...items]);
export const plural = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`;

// The number of decimals follows ISO 4217, list one, and not the browser, which may show fewer. It is two for all
// currencies but these.
const DECIMALS = new Map(Object.entries({
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
}).flatMap(([decimals, codes]) => codes.split(' ').map(code => [code, Number(decimals)])));

const currencies = new Map();
export function money(minor, currency) {
  const decimals = DECIMALS.get(currency) ?? 2;
  if (!currencies.has(currency)) {
    currencies.set(currency, new Intl.NumberFormat('en', {
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
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(LOCALE, options));
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

// Shows a departure in the airport's time and, where it differs, in the reader's.
export function departure(flight) {
  const when = new Date(flight.departureTime);
  const zone = known(flight.originTimeZone);
  const there = timeIn(when, zone);
  const here = timeIn(when);
  const sameDay = format(when, day(zone)) === format(when, day());
  return {
    date: format(when, day(zone)),
    time: there,
    zone: (zone || 'UTC').split('/').pop().replaceAll('_', ' '),
    yourTime: sameDay && here === there ? '' : sameDay ? here : `${format(when, day())}, ${here}`,
  };
}

// An older browser may not know a newer time zone.
function known(zone) {
  try {
    new Intl.DateTimeFormat(LOCALE, { timeZone: zone });
    return zone || 'UTC';
  } catch {
    return 'UTC';
  }
}

export function minutesAndSeconds(seconds) {
  const two = n => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

export function duration(seconds) {
  return seconds >= 60 && seconds % 60 === 0 ? plural(seconds / 60, 'minute')
    : seconds > 120 ? plural(Math.floor(seconds / 60), 'minute')
    : plural(seconds, 'second');
}

export const dated = iso => format(new Date(iso), { ...day(), ...clock() });
