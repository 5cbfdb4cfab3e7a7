// SPDX-License-Identifier: MIT
// What staff do with several orders at once: cancel them, hold them longer, send their last message again. The API says of
// each order which of this may be done with it.

import { call } from './ops-call.js';
import { STATES, at, shortened } from './ops-words.js';

const LATER_MS = 3600000;
const CARE = 'The audit keeps your reason for good, so name no customer in it.';

const pathOf = ({ orderId }) => `/api/admin/orders/${encodeURIComponent(orderId)}`;
const matchOf = ({ version }) => `"${version}"`;
const stateOf = ({ status }) => (STATES[status]?.[0] || status).toLowerCase();
const nameOf = order => order.locator || shortened(order.orderId);
const can = (order, action) => order.staffActions.includes(action);
const refusal = (order, rest) => ({ why: `${stateOf(order)}${rest ? `, ${rest}` : ''}` });

// Of what is paid the rule of the flight says what is given back, and just that is asked for.
async function lookAtCancel(order) {
  if (!can(order, 'cancel')) return refusal(order, order.status === 'CONFIRMED' ? 'and no rule of its flight gives anything back, or it has left' : '');
  if (order.status !== 'CONFIRMED') return { does: `${stateOf(order)} now; will be ended, seats become free, and a payment under way is given back` };
  const { ok, json } = await call(`/api/orders/${encodeURIComponent(order.orderId)}/cancellation`);
  if (!ok) return { why: json.message };
  return { does: 'paid; will be ended, seats become free, and by the rule of the flight this is given back:', amount: { cents: json.refundCents, currency: json.currency }, refundCents: json.refundCents };
}

export const ORDER_ACTIONS = [{
  id: 'cancel', label: 'Cancel', role: 'agent', nameOf, about: `The customers are told. This cannot be undone. ${CARE}`,
  title: count => `Cancel ${count}?`,
  look: lookAtCancel,
  send: (order, { refundCents }, { reason }) => ({ url: `${pathOf(order)}/cancel`, match: matchOf(order), body: { reason, expectedRefundCents: refundCents } }),
}, {
  id: 'extend', label: 'Hold longer', role: 'agent', nameOf, about: `No hold runs past the departure of its flight. ${CARE}`,
  title: count => `Hold ${count} longer?`,
  fields: () => [{ name: 'until', label: 'Hold until, UTC', value: at(new Date(Date.now() + LATER_MS).toISOString()).slice(0, 16), missing: 'Enter a date and a time.' }],
  look: order => (can(order, 'extend') ? { does: 'held now; the seats are kept until then' } : refusal(order)),
  send: (order, plan, { reason, until }) => ({ url: `${pathOf(order)}/extend`, match: matchOf(order), body: { reason, until: momentOf(until) } }),
}, {
  id: 'resend', label: 'Send the last message again', role: 'agent', nameOf, about: CARE,
  title: count => `Send the last message of ${count} again?`,
  look: order => (can(order, 'resend') ? { does: `${stateOf(order)}; what was told last is told once more` } : refusal(order, 'and nothing to be told again')),
  send: (order, plan, { reason }) => ({ url: `${pathOf(order)}/resend`, body: { reason } }),
}];

// "2026-12-08 03:02" as the API reads it.
export const momentOf = text => text.replace(/^(\S+) +(\S+)$/, '$1T$2').replace(/\d$/, '$&Z');
