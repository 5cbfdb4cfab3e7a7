// SPDX-License-Identifier: MIT
// The seat map: a grid with one tab stop, laid out like the cabin.

import { byId, put, render } from './html.js';

// Set by choosing.js, because the state and price of a seat depend on the booking.
const ask = { stateOf: () => 'available', isLocked: () => false, toggle: () => {}, priceOf: () => '' };
let cabin = null;            // { rows: [{ number, exit, cells }], columns, seats: Map }
let current = null;          // the seat that has the tab stop

export function onCabin(answers) {
  Object.assign(ask, answers);
}

export function build(flight) {
  const { seats, columns, layout, exitRows = [] } = flight.seatMap;
  const at = new Map(seats.map(seat => [`${seat.row}/${seat.column}`, seat]));
  const hasAisle = layout.includes(' ');
  // Row numbers stand in the aisles; a cabin without an aisle has them at the wall.
  const plan = hasAisle ? layout : ` ${layout}`;
  const numbers = [...new Set(seats.map(seat => seat.row))].sort((a, b) => a - b);
  cabin = {
    plan, columns, hasAisle,
    seats: new Map(seats.map(seat => [seat.id, { ...seat, status: seat.status.toUpperCase() }])),
    rows: numbers.map(number => ({
      number,
      exit: exitRows.includes(number),
      ids: [...columns].map(column => at.get(`${number}/${column}`)?.id),
      cells: [...plan].map(column => (column === ' ' ? null : at.get(`${number}/${column}`)?.id)),
    })),
  };
  current = null;
  return cabin;
}

export const has = id => cabin?.seats.has(id);
export const statusOf = id => cabin.seats.get(id)?.status;
export const width = () => (cabin.columns.length > 6 ? 'wide' : cabin.columns.length > 3 ? 'usual' : 'narrow');

// Takes over the server's seat states and returns the seats that have changed.
export function update(seats) {
  const changed = [];
  for (const { seatNumber, status } of seats) {
    const seat = cabin.seats.get(seatNumber);
    if (seat && seat.status !== status) {
      seat.status = status;
      changed.push(seatNumber);
    }
  }
  return changed;
}

function place({ column, row }) {
  const where = cabin.plan.trim();
  const index = where.indexOf(column);
  const beside = [where[index - 1], where[index + 1]];
  const kind = beside.includes(undefined) ? 'window' : beside.includes(' ') ? 'aisle' : 'middle';
  const exit = cabin.rows.find(({ number }) => number === row).exit ? ', exit row' : '';
  return kind + exit;
}

const SPOKEN = {
  available: 'available', selected: 'selected', mine: 'yours', releasing: 'yours, to be given back',
  reserved: 'reserved by somebody else', booked: 'booked', lost: 'just taken by somebody else',
};

export function describe(id) {
  const seat = cabin.seats.get(id);
  seat.place ??= place(seat);
  return `${id}, row ${seat.row}, ${seat.place}, ${ask.priceOf(id)}, ${SPOKEN[ask.stateOf(id)]}`;
}

export function html() {
  if (!cabin.seats.has(current)) current = [...cabin.seats.keys()].find(id => ask.stateOf(id) === 'available') || cabin.seats.keys().next().value;
  const locked = ask.isLocked();
  const cell = (id, number) => {
    if (id === null) return { aisle: true, label: number };
    if (!id) return { gap: true };
    const state = ask.stateOf(id);
    return {
      seat: id, state, name: describe(id),
      tabindex: id === current ? 0 : -1,
      selected: state === 'selected' || state === 'mine',
      disabled: locked || ['reserved', 'booked', 'lost'].includes(state),
    };
  };
  return render('seats', {
    letters: [...cabin.plan].map(column => (column === ' ' ? { aisle: true } : { letter: column })),
    rows: cabin.rows.map(({ number, exit, cells }) => {
      // A row with two aisles shows its number once.
      let label = number;
      return { number, exit, cells: cells.map(id => { const shown = cell(id, label); if (shown.aisle) label = ''; return shown; }) };
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
