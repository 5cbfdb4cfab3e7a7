// SPDX-License-Identifier: MIT
// The list of orders, filtered by what they contain, by state, user, flight and time.

import { amountOf } from './amount.js';
import { byId, put, render } from './html.js';
import { actionsOn } from './ops-bulk.js';
import { onFlightField } from './ops-flight-field.js';
import { flightName } from './ops-flight-words.js';
import { makeList } from './ops-list.js';
import { ORDER_ACTIONS } from './ops-order-bulk.js';
import { STATES, at, orderView, today } from './ops-words.js';
import { go, onAddress, parameters } from './router.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

// What an order is searched by, as the API calls it, and what its field says. All but the first have an index.
const BY = [
  ['q', 'Anything', 'Parts of names, addresses, users, flights; seats'], ['locator', 'Locator', 'K7D4RN'],
  ['name', 'Family name, from its beginning', 'Love'], ['email', 'E-mail address', 'ada@example.org'], ['seat', 'Seat, with its flight', '12A'],
];
const hintOf = by => BY.find(([name]) => name === by)[2];

const labelOf = ({ status }) => STATES[status]?.[0] || status;
const nameOf = order => flightName(order.flight, order.flightId);

const columns = [
  { key: 'created', label: 'Created, UTC', by: ({ createdAt }) => createdAt, ways: ['oldest', 'newest'], isFirst: 'descending' },
  { key: 'order', label: 'Order', by: ({ orderId }) => orderId },
  { key: 'locator', label: 'Locator', by: ({ locator }) => locator || '' },
  { key: 'state', label: 'State', by: labelOf },
  { key: 'flight', label: 'Flight', by: order => `${order.flight.departureTime} ${order.flight.flightNumber}`, text: ({ flight }) => flight.flightNumber },
  { key: 'user', label: 'User', by: ({ userId }) => userId },
  { key: 'seats', label: 'Seats', by: ({ seats }) => seats.length, text: ({ seats }) => seats.join(' ') },
  { key: 'tries', label: 'Tries', by: ({ paymentAttempts }) => paymentAttempts, number: true },
  { key: 'total', label: 'Total', by: ({ totalPriceCents }) => totalPriceCents, text: order => Number(amountOf(order.totalPriceCents, order.currency)), number: true },
].flatMap(column => (column.key === 'flight' ? [column, ...[['Route', 'route'], ['Departs, there', 'departs'], ['Departs, UTC', 'departsUtc']]
  .map(([name, part]) => ({ name, text: order => nameOf(order)[part] }))] : [column]))
  .concat({ name: 'Currency', text: ({ currency }) => currency }, { name: 'Hold ends, UTC', text: ({ expiresAt }) => expiresAt && at(expiresAt) });

const list = makeList({
  name: 'orders', form: 'find', url: '/api/admin/orders', part: 'orders', one: 'order', row: 'order-', columns, idOf: ({ orderId }) => orderId,
  // Looking for words through ten thousand orders is not repeated every few seconds.
  polls: filters => !new URLSearchParams(filters).has('q'),
  draw: (orders, view) => render('orders', {
    ...view, canPick: bar.canAct(), orders: orders.map(orderView),
    nothing: view.hasMore ? 'None among the next ten thousand.' : 'No orders match.', moreLabel: orders.length ? 'Show more orders' : 'Look further',
  }),
  chosen: () => bar.paint(),
});
const bar = actionsOn(list, { place: 'chosen-orders', one: 'order', actions: ORDER_ACTIONS });

onAddress('orders', () => {
  const asked = parameters();
  const by = BY.find(([name]) => asked.get(name))?.[0] || 'q';
  document.title = 'Orders · Operations';
  list.open();
  put(byId('main'), render('view-orders', {
    ...Object.fromEntries(asked), today: today(), by, sought: asked.get(by) || '', hint: hintOf(by),
    ways: BY.map(([value, label]) => ({ value, label, isAsked: value === by })),
    states: [{ value: '', label: 'Any state' }, ...Object.entries(STATES).map(([value, [label]]) => ({ value, label, isAsked: value === asked.get('status') }))],
  }), 'innerHTML');
  onFlightField(byId('flight-field'));
});

// Before htmx reads the form.
document.addEventListener('change', ({ target }) => {
  if (target.id !== 'by') return;
  byId('q').name = target.value;
  byId('q').placeholder = hintOf(target.value);
}, true);

// A complete id opens its order without a search.
document.addEventListener('submit', event => {
  const id = event.target.id === 'find' && byId('q').value.trim().toLowerCase();
  if (!id || !UUID.test(id)) return;
  event.preventDefault();
  event.stopPropagation();
  go(`/ops?order=${id}`);
}, true);
