// SPDX-License-Identifier: MIT
// The list of orders, newest first, filtered by state, user, flight and time.

import htmx from '../vendor/htmx.js';
import { byId, put, render } from './html.js';
import { onOperator, tell } from './ops-access.js';
import { STATES, orderView, today } from './ops-words.js';
import { go, onAddress, parameters, rename } from './router.js';
import { begin, foldUp, unfolded } from './unfold.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

let newest = [];   // the page of orders that is polled
let older = [];    // the older pages, which are loaded once
let cursor = null;
let filters = '';  // the submitted filters, as a query
let first = null;  // the id of the first row of the last page

// Returns the filters as a sorted query, so that those of a request and of the address can be compared.
function filtersOf(source) {
  const fields = new URLSearchParams([...source].filter(([name, text]) => text && !['orders', 'shown'].includes(name)));
  fields.sort();
  return String(fields);
}

function forgetAll() {
  newest = [];
  older = [];
  cursor = null;
}

onAddress('orders', () => {
  const asked = parameters();
  begin();
  document.title = 'Orders · Operations';
  forgetAll();
  put(byId('main'), render('view-orders', {
    ...Object.fromEntries(asked), today: today(),
    states: [{ value: '', label: 'Any state' }, ...Object.entries(STATES).map(([value, [label]]) => ({ value, label, isAsked: value === asked.get('status') }))],
  }), 'innerHTML');
});

function list() {
  // An order of an older page may be on the newest page by now.
  const known = new Set(newest.map(({ orderId }) => orderId));
  const orders = [...newest, ...older.filter(({ orderId }) => !known.has(orderId))];
  return render('orders', {
    orders: orders.map(orderView), any: orders.length > 0, none: !orders.length,
    nothing: cursor ? 'None among the newest ten thousand.' : 'No orders match.',
    more: cursor && `/api/admin/orders?${filters}${filters && '&'}cursor=${encodeURIComponent(cursor)}`,
    moreLabel: orders.length ? 'Show older orders' : 'Look further back',
  });
}

onOperator('ops-orders', ({ orders, nextCursor }) => {
  newest = orders;
  if (!older.length) cursor = nextCursor;
  return list();
}, {
  before: (form, request) => {
    forgetAll();
    byId('told').className = 'told';
    byId('told').textContent = '';
    filters = filtersOf(new URL(request.action, location).searchParams);
    if (filters !== filtersOf(parameters())) {
      foldUp();
      rename(`/ops?orders${filters && '&'}${filters}`);
    }
  },
  settled: () => unfolded(document.querySelector('#orders tbody'), byId('more-orders'), first),
  refused: ({ message }) => {
    tell(message, 'bad');
    put(byId('orders'), '');
  },
});

onOperator('ops-more-orders', ({ orders, nextCursor }) => {
  older.push(...orders);
  cursor = nextCursor;
  first = orders.length ? `order-${orders[0].orderId}` : null;
  return list();
}, {
  settled() {
    unfolded(document.querySelector('#orders tbody'), byId('more-orders'), first);
    first = null;
  },
});

// A complete id opens its order without a search.
document.addEventListener('submit', event => {
  const id = event.target.id === 'find' && byId('q').value.trim().toLowerCase();
  if (!id || !UUID.test(id)) return;
  event.preventDefault();
  event.stopPropagation();
  go(`/ops?order=${id}`);
}, true);

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && byId('find')) htmx.trigger(byId('find'), 'refresh');
});
