// SPDX-License-Identifier: MIT
// The ticket of a confirmed booking: what it says, its QR code, and the calendar entry.

import { arrival, departure, listed, money } from './format.js';
import { byId, put, render } from './html.js';
import { it } from './model.js';
import { send } from './net.js';
import { credentials, hasKey } from './order-key.js';
import { travelers } from './passengers.js';
import { named, words } from './words.js';

const KINDS = { TAX_INCLUDED: 'line.tax', FEE_KEPT: 'line.fee', REFUND: 'line.refund' };

const titled = text => text[0].toUpperCase() + text.slice(1);

function lineView(line, currency) {
  const what = KINDS[line.kind] ? words(KINDS[line.kind]) : line.feature ? titled(named('feature', line.feature))
    : line.class ? words('line.fare-of', { name: named('class', line.class) }) : words('line.fare');
  const sign = line.kind === 'REFUND' ? '−' : '';
  return { what, seats: line.seats ? listed(line.seats) : '', amount: sign + money(line.amountCents, currency) };
}

// A fare alone would say the total twice.
export function linesView({ priceLines = [], currency }) {
  return priceLines.length > 1 ? priceLines.map(line => lineView(line, currency)) : [];
}

export function ticketView() {
  const { seats, locator } = it.order;
  const flight = { ...it.flight, ...it.order.flight };
  const { date, time, zone } = departure(flight);
  const lines = linesView(it.order);
  return {
    when: words('booking.when', { date, time }), zone, arrives: arrival(flight), seatList: seats.join(' '), locator,
    travelers: travelers(), isNamed: travelers().length > 0,
    lines, hasLines: lines.length > 0, image: code.locator === locator ? code.image : '',
  };
}

// ---- the QR code ---------------------------------------------------------------------------------------

let code = { locator: null, image: '' };

// An image's address cannot carry the order's token, so the page asks for the code itself, once.
export async function drawCode() {
  const { orderId, locator } = it.order;
  if (!locator || code.locator === locator) return;
  const mine = code = { locator, image: '' };
  const { signal } = new AbortController();
  const request = { method: 'GET', headers: credentials(orderId), cache: 'no-store', signal };
  const answer = await send(`/api/orders/${encodeURIComponent(orderId)}/ticket.svg`, request, byId('panel'), true);
  if (answer.ok) mine.image = `data:image/svg+xml,${encodeURIComponent(await answer.text())}`;
  else mine.locator = null;
  if (byId('ticket-code') && code === mine) put(byId('ticket-code'), render('ticket-image', mine));
}

// ---- the calendar entry --------------------------------------------------------------------------------

// Nor can a link carry the token.
document.addEventListener('click', event => {
  const link = event.target.closest?.('#to-calendar');
  if (!link || !hasKey(it.order?.orderId)) return;
  event.preventDefault();
  download(link);
});

async function download({ href, download: name }) {
  const answer = await fetch(href, { headers: credentials(it.order.orderId), cache: 'no-store' }).catch(() => null);
  if (!answer?.ok) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
