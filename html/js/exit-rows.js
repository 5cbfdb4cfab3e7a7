// SPDX-License-Identifier: MIT
// Whoever sits at an exit has to be able to open it. Where the operator's cabin says which seats these are, the customer is
// asked once for each of them; the answer stays in this tab.

import * as cabin from './cabin.js';
import { listed } from './format.js';
import { it } from './model.js';
import { recall, remember } from './store.js';
import { words } from './words.js';

const KEY = 'exitSeats';

let agreed = new Set(recall('sessionStorage', KEY).split(' ').filter(Boolean));   // flight/seat

const nameOf = id => `${encodeURIComponent(it.flight.id)}/${id}`;

// Those of the seats about which nothing was said yet.
const unsaid = seats => seats.filter(id => cabin.isAtExit(id) && !agreed.has(nameOf(id)));

export function exitView(seats) {
  const asked = unsaid(seats);
  return { exit: asked.length > 0 && { text: words('exit.text', { seats: listed(asked), count: asked.length }) } };
}

export function agree(seats) {
  agreed = new Set([...agreed, ...unsaid(seats).map(nameOf)].slice(-50));
  remember('sessionStorage', KEY, [...agreed].join(' '));
}
