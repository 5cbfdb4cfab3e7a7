// SPDX-License-Identifier: MIT
// What staff changed, newest first, filtered by who, what, on what and when.

import { byId, put, render } from './html.js';
import { onOperator, tell } from './ops-access.js';
import { ACTIONS, at, changeView, today } from './ops-words.js';
import { onAddress, parameters, rename } from './router.js';
import { begin, foldUp, unfolded } from './unfold.js';

let rows = [];
let cursor = null;
let filters = '';            // the submitted filters, as a query
let first = null;            // the id of the first row of the last page
const actors = new Map();    // id → name of the people seen so far: only an admin may list them all

const filtersOf = source => {
  const fields = new URLSearchParams([...source].filter(([name, text]) => text && !['audit', 'shown'].includes(name)));
  fields.sort();
  return String(fields);
};

onAddress('audit', () => {
  const asked = parameters();
  document.title = 'Audit · Operations';
  begin();
  rows = [];
  const actor = asked.get('actor');
  if (actor && !actors.has(actor)) actors.set(actor, `Number ${actor}`);
  put(byId('main'), render('view-audit', {
    ...Object.fromEntries(asked), today: today(), actors: [...actors].map(([id, name]) => ({ id, name, isAsked: id === actor })),
    actions: [{ value: '', label: 'Anything' }, ...Object.entries(ACTIONS).map(([value, label]) => ({ value, label, isAsked: value === asked.get('action') }))],
  }), 'innerHTML');
});

function offer({ id, name }) {
  const { options } = byId('actor');
  const known = [...options].find(({ value }) => value === String(id)) || new Option('', id);
  actors.set(String(id), name || `Number ${id}`);
  known.textContent = actors.get(String(id));
  if (!known.isConnected) options.add(known);
}

function list() {
  for (const { actor } of rows) offer(actor);
  return render('audit', {
    rows: rows.map(changeView), any: rows.length > 0, none: !rows.length,
    more: cursor && `/api/admin/audit?${filters}${filters && '&'}cursor=${encodeURIComponent(cursor)}`,
  });
}

function unfold() {
  unfolded(document.querySelector('#audit tbody'), byId('more-audit'), first);
  first = null;
}

onOperator('ops-audit', ({ entries, nextCursor }) => {
  rows = entries;
  cursor = nextCursor;
  return list();
}, {
  before: (form, request) => {
    byId('told').className = 'told';
    byId('told').textContent = '';
    filters = filtersOf(new URL(request.action, location).searchParams);
    if (filters === filtersOf(parameters())) return;
    foldUp();
    rename(`/ops?audit${filters && '&'}${filters}`);
  },
  settled: unfold,
  refused: ({ message }) => {
    tell(message, 'bad');
    put(byId('audit'), '');
  },
});

onOperator('ops-more-audit', ({ entries, nextCursor }) => {
  rows = [...rows, ...entries];
  cursor = nextCursor;
  first = entries.length ? `change-${entries[0].id}` : null;
  return list();
}, { settled: unfold });
