// SPDX-License-Identifier: MIT
// What the API says, in the page's words. The API speaks English, so an English page has it as it is; other languages have
// words for its codes (api.CODE, or api.CODE.field where the field makes the difference) and for the states of an order.

import { hasWords, isEnglish, words } from './words.js';

export function inWords(problem) {
  if (isEnglish) return problem;
  const { error, field, seats, faults } = problem;
  const key = [`api.${error}.${field}`, `api.${error}`].find(hasWords);
  const values = { seats: (seats || []).join(', '), count: (seats || []).length };
  return {
    ...problem, message: key ? words(key, values) : problem.message,
    faults: faults?.map(fault => ({ ...fault, message: faultInWords(fault) })),
  };
}

// passengers[0].familyName and contact.email: the last name says which field it is.
function faultInWords({ path, message }) {
  const key = `api.fault.${path.split('.').pop()}`;
  return hasWords(key) ? words(key) : message;
}

// The reasons for which a payment fails, as an order's lastError begins.
const REASONS = [
  [/^Payment declined: insufficient funds/, 'insufficient-funds'], [/^Payment declined: declined by the customer/, 'by-customer'],
  [/^Payment declined/, 'declined'], [/^Your payment was not completed in time/, 'not-completed'], [/^Your flight has departed/, 'departed'],
  [/^Your flight has been cancelled/, 'flight-cancelled'], [/^Your seats were not held/, 'not-held'],
];

export function orderInWords(order) {
  if (isEnglish) return order;
  const [, reason] = REASONS.find(([pattern]) => pattern.test(order.lastError || '')) || [];
  return { ...order, message: MESSAGES[order.status]?.(order, reason && words(`api.reason.${reason}`)) ?? order.message };
}

const MESSAGES = {
  SEATS_RESERVED: ({ lastError }, reason) => (lastError ? words('api.order.still-held', { reason: reason || words('api.reason.declined') }) : words('api.order.held')),
  PAYMENT_PENDING({ paymentUrl, message }) {
    const [, attempt, most] = /\(attempt (\d+) of (\d+)\)/.exec(message) || [];
    return paymentUrl ? words('api.order.pay-there') : attempt ? words('api.order.retrying', { attempt, most }) : words('api.order.validating');
  },
  CONFIRMED: () => words('api.order.confirmed'),
  EXPIRED: () => words('api.order.expired'),
  CANCELLED: () => words('api.order.cancelled'),
  FAILED: ({ paymentAttempts }, reason) => (reason ? words('api.order.failed', { reason }) : words('api.order.failed-attempts', { count: paymentAttempts })),
};
