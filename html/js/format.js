// How money, times and lists read.

const LOCALE = 'en-GB';
const list = new Intl.ListFormat(LOCALE, { type: 'conjunction' });

export const listed = items => list.format([...items]);
export const plural = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`;

const currencies = new Map();
export function money(cents, currency) {
  if (!currencies.has(currency)) {
    currencies.set(currency, new Intl.NumberFormat('en', { style: 'currency', currency }));
  }
  const format = currencies.get(currency);
  return format.format(cents / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const day = zone => ({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: zone });
const clock = zone => ({ hour: '2-digit', minute: '2-digit', timeZone: zone });
const format = (when, options) => new Intl.DateTimeFormat(LOCALE, options).format(when);

// A departure as the airport's clocks show it and, where they differ, as the reader's do.
export function departure(flight) {
  const when = new Date(flight.departureTime);
  const zone = known(flight.originTimeZone);
  const there = format(when, clock(zone));
  const here = format(when, clock());
  const sameDay = format(when, day(zone)) === format(when, day());
  return {
    date: format(when, day(zone)),
    time: there,
    zone: (zone || 'UTC').split('/').pop().replaceAll('_', ' '),
    yourTime: sameDay && here === there ? '' : sameDay ? here : `${format(when, day())}, ${here}`,
  };
}

// A browser may be older than a time zone.
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
    : seconds > 120 ? plural(Math.round(seconds / 60), 'minute')
    : plural(seconds, 'second');
}

export const dated = iso => format(new Date(iso), { ...day(), ...clock() });
