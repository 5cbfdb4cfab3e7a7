// SPDX-License-Identifier: MIT
// A season: the same flight on certain weekdays between two days. What would be made is shown before anything is made.

import { byId, focusHeading, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { ask, sendJson } from './ops-ask.js';
import { faultsOf, showFaults } from './ops-faults.js';
import { askChoices, begin, readCommon, view } from './ops-flight-form.js';
import { SEASON_OUTCOMES, WEEKDAYS, flightView, seasonLine } from './ops-flight-words.js';
import { plural } from './format.js';
import { onAddress, parameters } from './router.js';

const SHOWN = 100;           // flights of a preview

let ready = null;            // the schedule as the form says it

onAddress('season', () => {
  document.title = 'Season · Operations';
  put(byId('main'), render('view-season', {}), 'innerHTML');
  const copied = parameters().get('copy');
  if (copied) ask('season-like', `/api/admin/flights/${encodeURIComponent(copied)}`);
  else open(null);
});

onOperator('ops-season-like', flight => open({ ...flight, id: '' }));

function open(base) {
  begin(base);
  put(byId('season'), render('season-form', {
    ...view(), may, weekdays: WEEKDAYS.map((name, at) => ({ name, number: at + 1 })),
  }), 'innerHTML');
  askChoices();
}

// ---- from the form to the schedule -----------------------------------------------------------------------

function readSeason(form) {
  const { flight, faults, read: { text, need } } = readCommon(form);
  const schedule = {
    template: flight, id: need('newId', 'Enter how the ids are made, such as LH123-{date}.', 'id'), from: need('from', 'Enter the first day.'), to: need('to', 'Enter the last day.'),
    weekdays: [...form.querySelectorAll('[name="weekdays"]:checked')].map(({ value }) => Number(value)),
    departure: need('departure', 'Enter the time of departure.'), arrival: text('arrival') || undefined,
  };
  if (schedule.arrival) schedule.arrivalDay = Number(text('arrivalDay'));
  if (!schedule.weekdays.length) faults.push({ path: 'weekdays', message: 'Choose at least one day of the week.' });
  return { schedule, faults };
}

document.addEventListener('submit', event => {
  if (event.target.id !== 'flight-form' || !byId('season')) return;
  const { schedule, faults } = readSeason(event.target);
  ready = { ...schedule, dryRun: event.submitter?.value !== 'make' };
  if (!showFaults(event.target, faults)) return;
  put(byId('preview'), '', 'innerHTML');
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// A preview of something else is no preview.
document.addEventListener('input', ({ target }) => {
  if (target.form?.id === 'flight-form' && byId('preview')?.firstElementChild) put(byId('preview'), '', 'innerHTML');
});

document.addEventListener('input', ({ target }) => {
  const form = target.form;
  if (form?.id !== 'flight-form' || !byId('season')) return;
  const { newId: id, flightNumber } = form.elements;
  if (target === id) id.dataset.own = 'true';
  else if (!id.dataset.own && target === flightNumber) id.value = `${flightNumber.value.trim().toUpperCase().replace(/[^A-Z0-9]/g, '')}-{date}`;
});

onOperator('ops-season', ({ made, changed, unchanged, flights }) => {
  if (!ready.dryRun) tell(made + changed ? seasonLine({ made, changed }, false) : 'All of these flights were there already, as they are here.');
  put(byId('preview'), render('season-preview', {
    may, isPreview: ready.dryRun, canMake: ready.dryRun && made + changed > 0, title: seasonLine({ made, changed }, ready.dryRun),
    makeLabel: changed ? `Make and change ${plural(made + changed, 'flight')}` : `Make ${plural(made, 'flight')}`,
    unchanged: unchanged ? `${plural(unchanged, 'flight')} of these ${unchanged === 1 ? 'is there already and stays as it is' : 'are there already and stay as they are'}.` : '',
    flights: flights.slice(0, SHOWN).map(flight => ({ ...flightView(flight), outcome: SEASON_OUTCOMES[flight.outcome] })),
    more: flights.length > SHOWN ? `And ${flights.length - SHOWN} more.` : '',
  }), 'innerHTML');
  focusHeading(byId('preview'));
}, {
  before: (form, request) => sendJson(request, ready),
  refused: (problem, form) => showFaults(form, faultsOf(problem).map(({ path, message }) => ({ path: path.replace(/^template\./, ''), message }))),
});
