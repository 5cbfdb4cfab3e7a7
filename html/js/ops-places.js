// SPDX-License-Identifier: MIT
// Places: the list, and the form that makes and changes one.

import { byId, focusHeading, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { ask, refresh, sendJson } from './ops-ask.js';
import { clearFaults, faultsOf, refuseId, sayWhoWasFirst, showFaults, showTyped, typedIn } from './ops-faults.js';
import { makeList } from './ops-list.js';
import { onAddress, parameters } from './router.js';

let base = null;             // the place that is changed; null: a new one is made
let typed = null;            // what was typed when another member of staff was first

const column = (key, label) => ({ key, label, by: place => place[key] });
const list = makeList({
  name: 'places', form: 'find-places', url: '/api/admin/places', part: 'places', one: 'place', row: 'place-', idOf: ({ code }) => code,
  columns: [column('code', 'Code'), column('name', 'Name'), column('city', 'City'), column('timeZone', 'Time zone')],
  draw: (places, view) => render('places', { ...view, may, places }),
});

function show(code) {
  document.title = 'Places · Operations';
  base = null;
  list.open();
  put(byId('main'), render('view-places', { may, q: parameters().get('q') }), 'innerHTML');
  if (code) ask('place', `/api/admin/places/${encodeURIComponent(code)}`);
  else open(null);
}

onAddress('places', () => show(null));
onAddress('place', show);

const zones = () => (Intl.supportedValuesOf ? Intl.supportedValuesOf('timeZone') : []);

function open(place) {
  base = place;
  put(byId('place'), render('place-form', { ...place, may, isNew: !place, title: place ? `Change ${place.code}` : 'New place', zones: zones() }), 'innerHTML');
  if (typed) showTyped(byId('place-form'), typed);
  typed = null;
}

onOperator('ops-place', place => {
  const isAgain = Boolean(typed);
  open(place);
  if (!isAgain) focusHeading(byId('place'));
}, { refused: ({ message }) => { open(null); tell(message, 'bad'); } });

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('button');
  if (button?.dataset.place) ask('place', `/api/admin/places/${encodeURIComponent(button.dataset.place)}`);
  if (button?.id === 'place-new') {
    open(null);
    focusHeading(byId('place'));
  }
});

onOperator('ops-place-saved', ({ code }) => {
  tell(`${code} is saved.`);
  put(byId('first'), '', 'innerHTML');
  open(null);
  refresh('find-places');
}, {
  before: (form, request) => {
    clearFaults(form);
    const { elements } = form;
    const code = base?.code || elements.code.value.trim().toUpperCase();
    request.action = `/api/admin/places/${encodeURIComponent(code)}`;
    if (!base) request.headers['If-None-Match'] = '*';
    sendJson(request, { name: elements.name.value.trim(), city: elements.city.value.trim(), timeZone: elements.timeZone.value.trim() });
  },
  match: () => (base ? `"${base.version}"` : undefined),
  refused: (problem, form) => {
    if (problem.status !== 412) showFaults(form, faultsOf(problem));
    else if (!base) showFaults(form, [{ path: 'code', message: 'There is a place with this code already. Change it in the list.' }]);
    else {
      typed = typedIn(form);
      sayWhoWasFirst(base.code);
      ask('place', `/api/admin/places/${encodeURIComponent(base.code)}`);
    }
  },
});

document.addEventListener('submit', event => {
  if (event.target.id !== 'place-form' || base) return;
  refuseId(event, 'code', event.target.elements.code.value.trim(), /^[A-Za-z0-9]{3}$/, 'A code has three letters or digits.');
}, true);

onOperator('ops-place-removed', () => {
  tell(`${base.code} is removed.`);
  open(null);
  refresh('find-places');
});
