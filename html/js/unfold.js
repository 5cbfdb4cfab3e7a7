// SPDX-License-Identifier: MIT
// Lists that come in parts. How many of its entries are shown is part of the address, so that a list that is come
// back to, reloaded or sent to a friend is as long as it was.

import htmx from '../vendor/htmx.js';
import { byId } from './html.js';
import { parameters, rename } from './router.js';

const MOST = 2000;

let wanted = 0;              // how many are to be shown before the customer does anything
let before = -1;             // how many were shown, when the last part was painted

// A screen with such a list begins.
export function begin() {
  before = -1;
  wanted = Math.min(Number(parameters().get('shown')) || 0, MOST);
}

// The list is another one.
export function foldUp() {
  wanted = 0;
}

// A part has been painted. `list` (null: nothing was found) holds an entry a child, `more` is the button, `first` the id of the part's first entry.
export function unfolded(list, more, first) {
  if (!list) return;
  const shown = list.querySelectorAll(':scope > [id]:not(.more)').length;
  const isLonger = shown > before;
  before = shown;
  if (more && shown < wanted && isLonger) {
    // Not before this part's request is over: the next one would be dropped.
    setTimeout(() => htmx.trigger(more, 'click'));
    return;
  }
  const isByHand = first && !wanted;
  wanted = 0;
  if (!isByHand) return;
  const address = parameters();
  address.set('shown', shown);
  rename(`${location.pathname}?${tidy(address)}`);
  // The button is gone or further down; those who use a keyboard go on with what is new.
  byId(first)?.querySelector('a')?.focus();
}

const tidy = address => String(address).replace(/=(?=&|$)/g, '');
