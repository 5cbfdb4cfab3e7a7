// SPDX-License-Identifier: MIT
// Puts a list of seats into the form that cabin.js draws: classes one behind the other, each with its rows, and with
// aisles where two neighbors both say that they are at one.

const has = (seat, feature) => Boolean(seat?.features?.includes(feature));

// "A" to "Z", then "AA".
const order = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

// The columns of some rows from left to right; null is an aisle.
function columnsOf(seats) {
  const columns = [...new Set(seats.map(({ column }) => column))].sort(order);
  const aisle = (left, right) => seats.some(seat => seat.column === left && has(seat, 'aisle')) && seats.some(seat => seat.column === right && has(seat, 'aisle'));
  return columns.flatMap((column, at) => (at && aisle(columns[at - 1], column) ? [null, column] : [column]));
}

export function seatMapOf(seats) {
  const sections = [];
  for (const seat of seats) {
    const name = seat.class || '';
    let section = sections.find(known => known.class === name);
    if (!section) sections.push(section = { class: name, seats: [] });
    section.seats.push(seat);
  }
  const drawn = sections.map(section => ({ class: section.class, rows: [...new Set(section.seats.map(({ row }) => row))], columns: columnsOf(section.seats) }));
  return {
    seats: seats.map(seat => ({ ...seat, id: seat.seatNumber, status: seat.status || 'AVAILABLE' })),
    layout: (drawn[0]?.columns || []).map(column => column ?? ' ').join(''), columns: (drawn[0]?.columns || []).filter(Boolean), exitRows: [], sections: drawn,
  };
}
