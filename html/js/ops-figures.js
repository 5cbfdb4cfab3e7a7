// SPDX-License-Identifier: MIT
// A day in figures: what was sold, how full the flights are, what the sales brought, which payments failed.

import htmx from '../vendor/htmx.js';
import { decimalsOf, listed, money, plural } from './format.js';
import { byId, put, render } from './html.js';
import { onOperator, tell } from './ops-access.js';
import { hourOf, plotView } from './ops-plot.js';
import { serverTime, today } from './ops-words.js';
import { onAddress, rename } from './router.js';

const DAY_MS = 86400000;

onAddress('figures', date => {
  document.title = 'Figures · Operations';
  put(byId('main'), render('view-figures', { date: date || today() }), 'innerHTML');
});

const sum = (hours, name) => hours.reduce((total, hour) => total + hour[name], 0);
const percent = (part, whole) => (whole ? Math.floor(100 * part / whole) : null);
const inPercent = number => (number === null ? '' : `${number} %`);
const inWords = (revenue, name) => listed(revenue.filter(each => each[name]).map(each => money(each[name], each.currency)));
const brought = (hour, code) => hour.revenue.find(({ currency }) => currency === code)?.capturedCents || 0;

// The day's revenue by currency, as an hour has it.
function total(hours) {
  const all = new Map();
  for (const { currency, capturedCents, refundedCents } of hours.flatMap(({ revenue }) => revenue)) {
    const before = all.get(currency) || { currency, capturedCents: 0, refundedCents: 0 };
    all.set(currency, { currency, capturedCents: before.capturedCents + capturedCents, refundedCents: before.refundedCents + refundedCents });
  }
  return [...all.values()];
}

function tilesOf(hours, revenue) {
  const failed = sum(hours, 'paymentsFailed');
  const load = percent(sum(hours, 'seatsLeavingSold'), sum(hours, 'seatsLeaving'));
  return [
    { number: sum(hours, 'seatsSold'), label: `seats sold, in ${plural(sum(hours, 'sales'), 'sale')}` },
    { number: load === null ? 'none' : inPercent(load), label: `load factor, ${plural(sum(hours, 'departures'), 'departure')}` },
    ...(revenue.length ? revenue : [{ currency: '' }]).map(({ currency, capturedCents, refundedCents }) => ({
      number: currency ? money(capturedCents, currency) : 'none', label: refundedCents ? `revenue, of which ${money(refundedCents, currency)} given back` : 'revenue',
    })),
    { number: failed, label: failed === 1 ? 'payment failed' : 'payments failed', tone: failed ? 'bad' : '' },
  ];
}

// A plot of amounts has whole units of its currency, which its title names.
const whole = currency => cents => (cents / 10 ** decimalsOf(currency)).toLocaleString('en', { maximumFractionDigits: 0, notation: cents < 1e8 ? 'standard' : 'compact' });

const plotsOf = (hours, revenue) => [
  plotView({ title: 'Seats sold', values: hours.map(({ seatsSold }) => seatsSold), inWords: String }),
  plotView({ title: 'Load factor of departures', values: hours.map(hour => percent(hour.seatsLeavingSold, hour.seatsLeaving)), inWords: inPercent, most: 100 }),
  ...(revenue.length ? revenue.map(({ currency }) => currency) : ['']).map(currency => plotView({
    title: currency ? `Revenue, ${currency}` : 'Revenue', values: hours.map(hour => brought(hour, currency)),
    inWords: currency ? cents => money(cents, currency) : String, onScale: currency ? whole(currency) : String,
  })),
  plotView({ title: 'Payments failed', values: hours.map(({ paymentsFailed }) => paymentsFailed), inWords: String, tone: 'bad' }),
];

onOperator('ops-figures', ({ date, serverTime: now, complete, hours }) => {
  serverTime(now);
  const revenue = total(hours);
  rename(`/ops?figures=${date}`);
  return render('figures', {
    isCut: !complete, tiles: tilesOf(hours, revenue), plots: plotsOf(hours, revenue),
    hours: hours.map((hour, n) => ({
      ...hour, hour: hourOf(n), here: new Date(hour.at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', weekday: 'short' }),
      captured: inWords(hour.revenue, 'capturedCents'), refunded: inWords(hour.revenue, 'refundedCents'), load: inPercent(percent(hour.seatsLeavingSold, hour.seatsLeaving)),
    })),
  });
}, { refused: ({ message }) => tell(message, 'bad') });

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('button[data-days]');
  if (!button) return;
  const field = byId('date');
  const day = Date.parse(field.value || today()) + Number(button.dataset.days) * DAY_MS;
  field.value = new Date(day).toISOString().slice(0, 10);
  htmx.trigger(byId('find-figures'), 'submit');
});
