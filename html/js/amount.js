// SPDX-License-Identifier: MIT
// Amounts as people type them, "129.50", and as the API takes them, in minor units. The digits are moved as text: no
// number with a fraction is ever calculated with.

import { decimalsOf } from './format.js';

// Returns null if the text is no amount of this currency.
export function minorOf(text, currency) {
  const found = /^(\d{1,9})(?:[.,](\d*))?$/.exec(text.replace(/\s/g, ''));
  const decimals = decimalsOf(currency);
  if (!found) return null;
  const fraction = found[2] || '';
  return fraction.length > decimals ? null : Number(found[1] + fraction.padEnd(decimals, '0'));
}

export function amountOf(minor, currency) {
  const decimals = decimalsOf(currency);
  const digits = String(minor).padStart(decimals + 1, '0');
  return decimals ? `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}` : digits;
}
