// SPDX-License-Identifier: MIT
// Orders by state, user, flight and time, the newest first.

import htmx from '../vendor/htmx.js';
import { byId, put, render } from './html.js';
import { onOperator, tell } from './ops-access.js';
import { STATES, orderView, today } from './ops-words.js';
import { go, onAddress, parameters, rename } from './router.js';
import { begin, foldUp, unfolded } from './unfold.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

let newest = [];   // what is polled
let older = [];    // what was asked for beside it
let cursor = null;
let filters = '';  // what was submitted, as a query
let first = null;  // the id of the first row that came last

// As a query, in one order, to compare what is asked for with what the address says.
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
  // What was older may have become the newest's neighbour, and be among them, by now.
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

// A whole id needs no search.
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
