// SPDX-License-Identifier: MIT
// Lists as CSV, for spreadsheets: RFC 4180, in UTF-8 with the mark by which a spreadsheet knows it.

// A cell that a spreadsheet would take for a formula gets an apostrophe in front, as in the API's own files. A number of
// ours is one.
const isFormula = /^[=+\-@\t\r\n]/;
const defused = text => (isFormula.test(text) ? `'${text}` : text);
const quoted = text => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const cell = value => quoted(typeof value === 'number' ? String(value) : defused(String(value ?? '')));

export const csvOf = (columns, rows) => `\uFEFF${[
  columns.map(({ label, name }) => cell(label || name)), ...rows.map(row => columns.map(({ text, by }) => cell((text || by)(row)))),
].map(cells => `${cells.join(',')}\r\n`).join('')}`;
