// SPDX-License-Identifier: MIT
// Lists that load in parts. The address tells how many entries are shown, so that a list is as long as before when the
// customer returns to it, reloads it or sends it to a friend.

import htmx from '../vendor/htmx.js';
import { byId } from './html.js';
import { parameters, rename } from './router.js';

const MOST = 2000;

let wanted = 0;              // how many entries the address asks for
let before = -1;             // how many were shown when the last part was painted

// Called when a screen with such a list opens.
export function begin() {
  before = -1;
  wanted = Math.min(Number(parameters().get('shown')) || 0, MOST);
}

// Called when the list is replaced by another one.
export function foldUp() {
  wanted = 0;
}

// Called when a part has been painted. The children of `list` are the entries (null: nothing was found), `more` is the
// button, and `first` is the id of the part's first entry.
export function unfolded(list, more, first) {
  if (!list) return;
  const shown = list.querySelectorAll(':scope > [id]:not(.more)').length;
  const isLonger = shown > before;
  before = shown;
  if (more && shown < wanted && isLonger) {
    // The next request has to wait until this part's request is over; otherwise it would be dropped.
    setTimeout(() => htmx.trigger(more, 'click'));
    return;
  }
  const isByHand = first && !wanted;
  wanted = 0;
  if (!isByHand) return;
  const address = parameters();
  address.set('shown', shown);
  rename(`${location.pathname}?${tidy(address)}`);
  // The button is gone or further down, so the focus moves to the first new entry.
  byId(first)?.querySelector('a')?.focus();
}

const tidy = address => String(address).replace(/=(?=&|$)/g, '');
