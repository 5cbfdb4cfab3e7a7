// SPDX-License-Identifier: MIT
// What staff changed, newest first, filtered by who, what, on what and when.

import { byId, put, render } from './html.js';
import { flightName } from './ops-flight-words.js';
import { makeList } from './ops-list.js';
import { ACTIONS, changeView, today } from './ops-words.js';
import { onAddress, parameters } from './router.js';

const actors = new Map();    // id → name of the people seen so far: only an admin may list them all
const textOf = state => (state ? JSON.stringify(state) : '');

const columns = [
  { key: 'when', label: 'When, UTC', by: ({ createdAt }) => createdAt },
  { key: 'who', label: 'Who', by: ({ actor }) => actor.name || `Number ${actor.id}` },
  { name: 'Role', text: ({ role }) => role },
  { key: 'what', label: 'What', by: ({ action }) => ACTIONS[action] || action },
  { key: 'object', label: 'On what', by: ({ object }) => `${object.kind} ${object.id}` },
  { name: 'Flight', text: ({ object: { flight } }) => (flight ? flightName(flight, '').inWords : '') },
  { key: 'values', label: 'Before and after', by: ({ became, was }) => textOf(became || was), text: ({ was }) => textOf(was) },
  { name: 'After', text: ({ became }) => textOf(became) }, { name: 'Reason', text: ({ reason }) => reason }, { name: 'Request', text: ({ requestId }) => requestId },
];

const list = makeList({
  name: 'audit', form: 'find-audit', url: '/api/admin/audit', part: 'entries', one: 'change', row: 'change-', columns, idOf: ({ id }) => id,
  draw(entries, view) {
    for (const { actor } of entries) offer(actor);
    return render('audit', { ...view, rows: entries.map(changeView) });
  },
});

onAddress('audit', () => {
  const asked = parameters();
  document.title = 'Audit · Operations';
  list.open();
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
