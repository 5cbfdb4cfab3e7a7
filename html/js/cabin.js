// SPDX-License-Identifier: MIT
// The seat map: a grid with one tab stop, laid out like the cabin.

import { byId, put, render } from './html.js';
import { named, words } from './words.js';

// Set by the screen, because the state and price of a seat depend on the booking, and what the console shows of it on who
// has it.
const ask = {
  stateOf: () => 'available', isLocked: () => false, toggle: () => {}, priceOf: () => '', describe: say,
  tierOf: () => 0, isPale: () => false,
  isSelected: id => ['selected', 'mine'].includes(ask.stateOf(id)), isDisabled: id => isTaken(ask.stateOf(id)),
};
let cabin = null;            // { rows: [{ number, exit, cells }], columns, seats: Map }
let current = null;          // the seat that has the tab stop

export function onCabin(answers) {
  Object.assign(ask, answers);
}

const isColumn = column => column !== null;
// Row numbers stand in the aisles; a cabin without an aisle has them at the wall.
const withAisle = plan => (plan.includes(null) ? plan : [null, ...plan]);

// Where a class has fewer columns than the cabin, the others are gaps, so that all columns stand below each other. A class
// with other columns or other aisles has a plan of its own.
function planOf(columns, main) {
  const left = main.filter(column => !isColumn(column) || columns.includes(column));
  return String(left) === String(columns) ? main : columns;
}

export function build(flight) {
  const { seats, layout, exitRows = [], sections = [] } = flight.seatMap;
  const at = new Map(seats.map(seat => [`${seat.row}/${seat.column}`, seat]));
  const drawn = [...layout].map(column => (column === ' ' ? null : column));
  const isDrawn = seats.every(({ column }) => drawn.includes(column));
  const widest = sections.map(({ columns }) => columns).sort((a, b) => b.length - a.length)[0];
  const main = isDrawn && planOf(widest ?? drawn, drawn) === drawn ? drawn : widest;
  const sectionOf = new Map(sections.flatMap(section => section.rows.map(number => [number, section])));
  const numbers = [...new Set(seats.map(seat => seat.row))].sort((a, b) => a - b);
  let before = null;
  cabin = {
    plan: withAisle(main), columns: main.filter(isColumn), hasClasses: sections.length > 1,
    hasPrices: seats.some(({ priceCents }) => priceCents !== undefined),
    seats: new Map(seats.map(seat => [seat.id, { ...seat, status: seat.status.toUpperCase() }])),
    rows: numbers.map(number => {
      const section = sectionOf.get(number);
      const plan = withAisle(section ? planOf(section.columns, main) : main);
      const heading = sections.length > 1 && section !== before ? section.class : null;
      before = section;
      return {
        number, plan, heading,
        exit: exitRows.includes(number) || seats.some(({ row, features }) => row === number && features?.includes('exit')),
        ids: plan.filter(isColumn).map(column => at.get(`${number}/${column}`)?.id),
        cells: plan.map(column => (isColumn(column) ? at.get(`${number}/${column}`)?.id : null)),
      };
    }),
  };
  current = null;
  return cabin;
}

export const has = id => cabin?.seats.has(id);
export const statusOf = id => cabin.seats.get(id)?.status;
// What a seat costs; undefined where all cost the same, which the flight tells.
export const priceOf = id => cabin?.seats.get(id)?.priceCents;
export const hasPrices = () => Boolean(cabin?.hasPrices);
export const lowestPrice = () => Math.min(...[...cabin.seats.values()].map(({ priceCents }) => priceCents ?? Infinity));
export const all = () => [...cabin.seats.keys()];
export const size = () => ({ rows: cabin.rows.length, columns: cabin.plan.length });
export const describe = id => ask.describe(id);

// Calls back with each seat, its state and its place in the drawing.
export function eachCell(callback) {
  cabin.rows.forEach(({ cells }, row) => cells.forEach((id, column) => { if (id) callback(id, ask.stateOf(id), row, column); }));
}

export const width = () => (cabin.columns.length > 6 ? 'wide' : cabin.columns.length > 3 ? 'usual' : 'narrow');

// Takes over the server's seat states and returns the seats that have changed.
export function update(seats) {
  const changed = [];
  for (const { seatNumber, status, priceCents } of seats) {
    const seat = cabin.seats.get(seatNumber);
    if (seat && (seat.status !== status || seat.priceCents !== priceCents)) {
      Object.assign(seat, { status, priceCents });
      changed.push(seatNumber);
    }
  }
  return changed;
}

// Only an operator's cabin says so of its seats.
export const isAtExit = id => Boolean(cabin.seats.get(id)?.features?.includes('exit'));

const PLACES = ['window', 'aisle'];

// Where a seat is, and what it has beside that.
export function kindOf(id) {
  const seat = cabin.seats.get(id);
  const { column, row, features = [] } = seat;
  if (seat.kind) return seat.kind;
  const { exit, plan } = cabin.rows.find(({ number }) => number === row);
  const where = plan[0] === null ? plan.slice(1) : plan;
  const index = where.indexOf(column);
  const beside = [where[index - 1], where[index + 1]];
  const place = features.includes('window') || beside.includes(undefined) ? 'window' : features.includes('aisle') || beside.includes(null) ? 'aisle' : 'middle';
  const others = features.filter(name => !PLACES.includes(name));
  seat.kind = { place, exit, class: seat.class, features: exit && !others.includes('exit') ? ['exit', ...others] : others };
  return seat.kind;
}

function placeInWords(id) {
  const { place, exit, features, class: cabinClass } = kindOf(id);
  const extras = features.filter(name => name !== 'exit').map(name => named('feature', name));
  const parts = [words(`seat.${place}`), exit && words('seat.exit-row'), ...extras, cabin.hasClasses && named('class', cabinClass)];
  return parts.filter(Boolean).join(words('seat.comma'));
}

function say(id) {
  const seat = cabin.seats.get(id);
  seat.place ??= placeInWords(id);
  return words('seat.described', { id, row: seat.row, place: seat.place, price: ask.priceOf(id), state: words(`seat.${ask.stateOf(id)}`) });
}

export const isTaken = state => ['reserved', 'booked', 'blocked', 'lost', 'own'].includes(state);

export function html() {
  if (!cabin.seats.has(current)) current = [...cabin.seats.keys()].find(id => ask.stateOf(id) === 'available') || cabin.seats.keys().next().value;
  const locked = ask.isLocked();
  const cell = (id, number) => {
    if (id === null) return { aisle: true, label: number };
    if (!id) return { gap: true };
    const state = ask.stateOf(id);
    return {
      seat: id, state, name: ask.describe(id),
      tabindex: id === current ? 0 : -1,
      selected: ask.isSelected(id),
      price: cabin.hasPrices ? ask.priceOf(id) : '', tier: ask.tierOf(id) || '', pale: ask.isPale(id),
      disabled: locked || ask.isDisabled(id),
    };
  };
  return render('seats', {
    letters: cabin.plan.map(column => (isColumn(column) ? { letter: column } : { aisle: true })),
    rows: cabin.rows.map(({ number, exit, heading, cells }) => {
      // A row with two aisles shows its number once.
      let label = number;
      return { number, exit, heading: heading && { name: named('class', heading) }, cells: cells.map(id => { const shown = cell(id, label); if (shown.aisle) label = ''; return shown; }) };
    }),
  });
}

export function paint() {
  const grid = byId('seats');
  if (grid) put(grid, html());
}

// ---- mouse and keyboard --------------------------------------------------------------------------------

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-5, 0], PageDown: [5, 0] };

function target(id, { key, ctrlKey }) {
  const { rows } = cabin;
  const y = rows.findIndex(({ ids }) => ids.includes(id));
  const x = rows[y].ids.indexOf(id);
  const real = row => row.ids.filter(Boolean);
  if (key === 'Home') return ctrlKey ? real(rows[0])[0] : real(rows[y])[0];
  if (key === 'End') return ctrlKey ? real(rows.at(-1)).at(-1) : real(rows[y]).at(-1);
  const [down, right] = STEPS[key];
  if (right) return beside(rows[y].ids, x, right) || id;
  return nearest(rows[Math.min(Math.max(y + down, 0), rows.length - 1)].ids, x);
}

// Cabins have gaps and shorter rows; the arrow keys skip what is missing.
function beside(ids, x, step) {
  for (let at = x + step; at >= 0 && at < ids.length; at += step) if (ids[at]) return ids[at];
  return null;
}

const nearest = (ids, x) => ids[x] || ids
  .map((id, at) => ({ id, distance: Math.abs(at - x) })).filter(({ id }) => id).sort((a, b) => a.distance - b.distance)[0].id;

export function focusSeat(id = current) {
  const seat = byId(`seat-${id}`);
  if (!seat) return;
  byId(`seat-${current}`)?.setAttribute('tabindex', '-1');
  current = id;
  seat.setAttribute('tabindex', '0');
  seat.focus();
}

document.addEventListener('keydown', event => {
  const id = event.target.dataset?.seat;
  if (!id || event.altKey || event.metaKey) return;
  if (event.key === ' ' || event.key === 'Enter') ask.toggle(id);
  else if (event.key in STEPS || event.key === 'Home' || event.key === 'End') focusSeat(target(id, event));
  else return;
  event.preventDefault();
});

document.addEventListener('click', event => {
  const id = event.target.closest?.('#seats [data-seat]')?.dataset.seat;
  if (!id) return;
  focusSeat(id);
  ask.toggle(id);
});
