// SPDX-License-Identifier: MIT
// Makes a flight, also from a copy of another, and changes the facts and fares of one.

import { byId, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { ask, sendJson } from './ops-ask.js';
import { faultsOf, sayWhoWasFirst, showFaults, typedIn } from './ops-faults.js';
import { askChoices, begin, editing, readFlight, view } from './ops-flight-form.js';
import { savedLine } from './ops-flight-words.js';
import { go, missing, onAddress, parameters } from './router.js';

let id = null;               // of the flight that is changed; null: a new one is made
let ready = null;            // the flight as the form says it
let typed = null;            // what was typed when another member of staff was first

onAddress('make-flight', () => {
  id = null;
  const copied = parameters().get('copy');
  show('New flight', copied);
  if (!copied) open(null);
});

onAddress('change-flight', flightId => {
  id = flightId;
  show('Facts and fares', id);
});

function show(title, asked) {
  document.title = `${title} · Operations`;
  typed = null;
  put(byId('main'), render('view-flight-edit', { title, back: id ? `/ops?flight=${encodeURIComponent(id)}` : '/ops?flights', backName: id ? 'The flight' : 'Flights' }), 'innerHTML');
  if (asked) ask('edited', `/api/admin/flights/${encodeURIComponent(asked)}`);
}

onOperator('ops-edited', flight => {
  if (!byId('edit')) return;
  open(id ? flight : { ...flight, id: '', departure: '', arrival: '', status: 'ON_SALE', version: undefined });
}, {
  refused: ({ status, message }) => (status === 404 ? missing('No such flight', message) : tell(message, 'bad')),
});

function open(base) {
  begin(base, typed);
  typed = null;
  put(byId('edit'), render('flight-form', {
    ...view(), may, isNew: !id, url: id ? `/api/admin/flights/${encodeURIComponent(id)}` : '/api/admin/flights/new',
  }), 'innerHTML');
  askChoices();
}

// ---- the id that a new flight is offered ----------------------------------------------------------------

document.addEventListener('input', ({ target }) => {
  const form = target.form;
  if (form?.id !== 'flight-form' || !form.elements.newId) return;
  const { newId: field, flightNumber, 'departure.day': day } = form.elements;
  if (target === field) field.dataset.own = 'true';
  else if (!field.dataset.own && day) field.value = [flightNumber.value.trim().toUpperCase().replace(/[^A-Z0-9]/g, ''), day.value].filter(Boolean).join('-');
});

// ---- saving ----------------------------------------------------------------------------------------------

document.addEventListener('submit', event => {
  if (event.target.id !== 'flight-form' || !byId('edit')) return;
  const { id: named, flight, faults } = readFlight(event.target);
  if (named && !/^[A-Za-z0-9._-]{1,50}$/.test(named)) faults.push({ path: 'id', message: 'An id has up to 50 letters, digits, dots, hyphens and underscores.' });
  ready = { id: named, flight };
  if (!showFaults(event.target, faults)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

onOperator('ops-flight-saved', flight => {
  go(`/ops?flight=${encodeURIComponent(flight.id)}`);
  tell(savedLine(flight));
}, {
  before: (form, request) => {
    request.action = `/api/admin/flights/${encodeURIComponent(ready.id)}`;
    if (!id) request.headers['If-None-Match'] = '*';
    sendJson(request, ready.flight);
  },
  match: () => (id ? `"${editing.base.version}"` : undefined),
  refused: (problem, form) => {
    if (problem.status === 412 && id) another(form);
    else if (problem.status === 412) showFaults(form, [{ path: 'id', message: 'There is a flight with this id already. Choose another id.' }]);
    else if (problem.error === 'IN_USE') showFaults(form, [{ path: 'cabin', message: `${problem.message} Swap the aircraft on the flight's own screen.` }]);
    else showFaults(form, faultsOf(problem));
  },
});

function another(form) {
  typed = typedIn(form);
  sayWhoWasFirst(id);
  ask('edited', `/api/admin/flights/${encodeURIComponent(id)}`);
}
