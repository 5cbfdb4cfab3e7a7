// SPDX-License-Identifier: MIT
// One cabin: its plan as a form, and beside it the cabin as the server understands the plan, drawn anew while one types.

import htmx from '../vendor/htmx.js';
import * as cabin from './cabin.js';
import { listed, plural } from './format.js';
import { byId, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { ask, sendJson } from './ops-ask.js';
import { clearFaults, faultsOf, refuseId, sayWhoWasFirst, showFaults, showTyped, typedIn } from './ops-faults.js';
import { seatMapOf } from './ops-drawing.js';
import { nameOf } from './ops-flight-words.js';
import { go, missing, onAddress, rename } from './router.js';

const PAUSE_MS = 300;        // after the last key, before the plan is asked about
const NEW = { name: '', numbering: 'row-column', sections: [{ class: 'economy', rows: '', columns: '', features: {} }] };

let base = null;             // the cabin as the server has it; null: a new one
let plan = null;             // the plan as it is typed
let typed = null;            // what was typed when another member of staff was first
let waiting = 0;

onAddress('cabin', id => {
  document.title = 'Cabin · Operations';
  base = null;
  typed = null;
  put(byId('main'), render('view-cabin', { title: id || 'New cabin' }), 'innerHTML');
  if (id) ask('cabin', `/api/admin/cabins/${encodeURIComponent(id)}`);
  else open(NEW);
  return () => clearTimeout(waiting);
});

onOperator('ops-cabin', answer => {
  base = answer;
  open(answer);
}, { refused: ({ status, message }) => (status === 404 ? missing('No such cabin', message) : tell(message, 'bad')) });

function open(given) {
  plan = planOnly(given);
  put(byId('cabin-edit'), render('cabin-form', formView()), 'innerHTML');
  if (typed) showTyped(byId('cabin-form'), typed);
  check();
}

const planOnly = ({ id = '', name, numbering, sections }) => ({ id, name, numbering, sections });

function formView() {
  return {
    ...plan, may, isNew: !base, version: base?.version,
    numberings: [['row-column', 'Row, then column: 12A'], ['column-row', 'Column, then row: A12']].map(([value, label]) => ({ value, label, isChosen: value === plan.numbering })),
    next: base ? versionText() : '', canRemove: base && !base.flights,
    sections: plan.sections.map((section, at) => ({
      ...section, at, number: at + 1, canRemove: plan.sections.length > 1, without: (section.without || []).join(', '),
      features: [...Object.entries(section.features || {}), ['', '']].map(([name, rows], index) => ({ at, index, name, rows })),
    })),
  };
}

const versionText = () => (base.flights ? `${plural(base.flights, 'flight')} use${base.flights === 1 ? 's' : ''} this cabin. A changed plan becomes version ${base.version + 1}; flights keep the version that they have until their aircraft is swapped.`
  : `A changed plan becomes version ${base.version + 1}.`);

// ---- from the form to the plan -----------------------------------------------------------------------------

function readPlan(form) {
  const text = name => form.elements[name]?.value.trim() ?? '';
  const count = form.querySelectorAll('fieldset[data-section]').length;
  return {
    id: base?.id || text('newId'), name: text('name'), numbering: text('numbering'),
    sections: Array.from({ length: count }, (_, at) => readSection(text, at)),
  };
}

function readSection(text, at) {
  const path = `sections[${at}]`;
  const section = { class: text(`${path}.class`).toLowerCase().replaceAll(' ', '-'), rows: text(`${path}.rows`).replaceAll(' ', ''), columns: text(`${path}.columns`).toUpperCase() };
  const without = text(`${path}.without`).toUpperCase().split(/[\s,;]+/).filter(Boolean);
  if (without.length) section.without = without;
  const features = {};
  for (let index = 0; byId(`feature-${at}-${index}`); index++) {
    const name = text(`${path}.feature[${index}]`).toLowerCase().replaceAll(' ', '-');
    if (name) features[name] = text(`${path}.featureRows[${index}]`).replaceAll(' ', '');
  }
  if (Object.keys(features).length) section.features = features;
  return section;
}

document.addEventListener('input', ({ target }) => {
  if (target.form?.id !== 'cabin-form') return;
  typed = null;
  plan = readPlan(target.form);
  clearTimeout(waiting);
  waiting = setTimeout(check, PAUSE_MS);
});

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('#cabin-form :is([data-add-section], [data-remove-section], [data-add-feature])');
  if (!button) return;
  plan = readPlan(byId('cabin-form'));
  const { addSection, removeSection, addFeature } = button.dataset;
  if (addSection !== undefined) plan.sections.push({ class: '', rows: '', columns: plan.sections.at(-1)?.columns || '', features: {} });
  if (removeSection !== undefined) plan.sections.splice(Number(removeSection), 1);
  const focus = addSection !== undefined ? `sections[${plan.sections.length - 1}].class` : addFeature !== undefined ? `sections[${addFeature}].feature[${Object.keys(plan.sections[addFeature].features || {}).length}]` : 'sections[0].class';
  put(byId('cabin-edit'), render('cabin-form', formView()), 'innerHTML');
  byId('cabin-form').elements[focus]?.focus();
  check();
});

// ---- the drawing -------------------------------------------------------------------------------------------

function check() {
  if (byId('cabin-check')) htmx.trigger(byId('cabin-check'), 'check');
}

const isBlank = ({ sections }) => sections.every(({ rows, columns }) => !rows && !columns);

// While one types, nothing takes the focus; what is not typed yet is no fault.
function sayFaults(faults) {
  const form = byId('cabin-form');
  const before = document.activeElement;
  showFaults(form, isBlank(plan) ? [] : faults.map(fault => ({ ...fault, path: pathOf(fault.path) })).filter(({ path }) => !['id', 'name'].includes(path)));
  if (typed) showTyped(form, typed);
  before?.focus?.({ preventScroll: true });
}

// The API's "sections[0].features.exit" is a pair of fields here.
function pathOf(path) {
  const found = /^sections\[(\d+)\]\.features\.(.+)$/.exec(path);
  if (!found) return path.replace(/(\.without)\[\d+\]$/, '$1');
  const index = Object.keys(plan.sections[found[1]]?.features || {}).indexOf(found[2]);
  return index < 0 ? `sections[${found[1]}].features` : `sections[${found[1]}].featureRows[${index}]`;
}

onOperator('ops-cabin-checked', ({ seats = [], faults = [] }) => {
  sayFaults(faults);
  draw(seats, faults);
}, {
  before: (element, request) => sendJson(request, plan),
  refused: problem => {
    sayFaults(faultsOf(problem));
    draw([], faultsOf(problem));
  },
});

function draw(seats, faults) {
  const isDrawn = seats.length > 0;
  const kinds = [...new Set(seats.map(seat => seat.class))].map(name => `${nameOf(name)} ${seats.filter(seat => seat.class === name).length}`);
  byId('cabin-says').textContent = isBlank(plan) ? 'Type rows and columns: the cabin appears here.'
    : [isDrawn ? `${plural(seats.length, 'seat')}: ${listed(kinds)}.` : '', faults.length ? 'The plan has faults, which are said beside its fields.' : ''].filter(Boolean).join(' ');
  if (!isDrawn) return;
  const byNumber = new Map(seats.map(seat => [seat.seatNumber, seat]));
  cabin.onCabin({
    priceOf: () => '', stateOf: () => 'available', isLocked: () => false, isDisabled: () => false, isSelected: () => false, toggle: () => {},
    describe: id => [`${id}, row ${byNumber.get(id).row}`, nameOf(byNumber.get(id).class), ...(byNumber.get(id).features || [])].join(', '),
  });
  cabin.build({ seatMap: seatMapOf(seats) });
  put(byId('cabin-drawing'), render('seat-map', { width: cabin.width() }));
  cabin.paint();
}

// ---- saving ------------------------------------------------------------------------------------------------

onOperator('ops-cabin-saved', answer => {
  typed = null;
  const isNew = !base;
  const isNewer = base && answer.version !== base.version;
  base = answer;
  rename(`/ops?cabin=${encodeURIComponent(answer.id)}`);
  put(byId('first'), '', 'innerHTML');
  open(answer);
  byId('cabin-title').textContent = answer.id;
  tell(isNew ? `${answer.name} is made, as version ${answer.version}.` : isNewer ? `The changed plan is version ${answer.version}. Flights keep theirs.` : 'The plan is as it was, so there is no new version.');
}, {
  before: (form, request) => {
    clearFaults(form);
    plan = readPlan(form);
    request.action = `/api/admin/cabins/${encodeURIComponent(plan.id)}`;
    if (!base) request.headers['If-None-Match'] = '*';
    sendJson(request, plan);
  },
  match: () => (base ? `"${base.version}"` : undefined),
  refused: (problem, form) => {
    if (problem.status !== 412) showFaults(form, faultsOf(problem).map(fault => ({ ...fault, path: pathOf(fault.path || '') })));
    else if (!base) showFaults(form, [{ path: 'id', message: 'There is a cabin with this id already. Choose another id, or change that cabin.' }]);
    else {
      typed = typedIn(form);
      sayWhoWasFirst(base.id);
      ask('cabin', `/api/admin/cabins/${encodeURIComponent(base.id)}`);
    }
  },
});

document.addEventListener('submit', event => {
  if (event.target.id !== 'cabin-form' || base) return;
  refuseId(event, 'id', event.target.elements.newId.value.trim(), /^[A-Za-z0-9._-]{1,50}$/, 'An id has up to 50 letters, digits, dots, hyphens and underscores.');
}, true);

onOperator('ops-cabin-removed', () => {
  const { name } = base;
  go('/ops?cabins');
  tell(`${name} is removed.`);
});
