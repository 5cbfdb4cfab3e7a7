// SPDX-License-Identifier: MIT
// The console's long lists. Filters and sort are in the address, and come back from it. The first part is asked for again
// and again; further ones are loaded once. Columns sort: by the server, where an index has that order, and otherwise among
// the rows that are shown. Rows can be chosen, and all that match be saved as CSV.

import htmx from '../vendor/htmx.js';
import { plural } from './format.js';
import { byId, put } from './html.js';
import { onOperator, tell } from './ops-access.js';
import { save } from './ops-ask.js';
import { call } from './ops-call.js';
import { csvOf } from './ops-csv.js';
import { parameters, rename } from './router.js';
import { begin, foldUp, unfolded } from './unfold.js';

const CSV_ROWS = 10000;
const CSV_PAGES = 400;

const lists = new Map();     // by name

// name      of the list: in the address, and as the id of where it is shown
// form      the id of its filters
// url       where it comes from
// part      what the answer calls its rows
// one       what a row is called
// idOf      a row's id; the id of its <tr> is that behind `row`
// columns   { key, label, by, text, number, ways }: `by` is what it sorts by and `text` what a file shows, if that is
//           something else; `ways` is what the server calls its order, ascending and descending; one that has a
//           name in place of a label is only in files
// draw      makes the rows and { heads, note, more, moreLabel, … } HTML
// polls     tells whether the first part is worth asking for again
// chosen    is called when other rows are chosen
export function makeList(given) {
  const list = { polls: () => true, chosen: () => {}, picked: new Set(), ...given };
  lists.set(list.name, list);
  onOperator(`ops-${list.name}`, answer => {
    list.newest = answer[list.part];
    if (!list.older.length) list.cursor = answer.nextCursor;
    return html(list);
  }, {
    wanted: () => list.polls(list.filters),
    before: (form, request) => asked(list, request),
    settled: () => settled(list),
    refused: ({ message }) => {
      tell(message, 'bad');
      put(byId(list.name), '');
    },
  });
  onOperator(`ops-more-${list.name}`, answer => {
    const rows = answer[list.part];
    list.older.push(...rows);
    list.cursor = answer.nextCursor;
    list.first = rows.length ? `${list.row}${list.idOf(rows[0])}` : null;
    return html(list);
  }, { settled: () => settled(list) });
  return {
    open: () => open(list),
    rows: () => rowsOf(list),
    picked: () => rowsOf(list).filter(row => list.picked.has(list.idOf(row))),
    refresh: () => { if (byId(list.form)) htmx.trigger(byId(list.form), 'refresh'); },
    choose: ids => choose(list, ids),
  };
}

// Called before the screen is painted.
function open(list) {
  Object.assign(list, { newest: [], older: [], cursor: null, filters: '', first: null, by: parameters().get('by') });
  list.picked.clear();
  begin();
}

// ---- the address -----------------------------------------------------------------------------------------

// The filters as a sorted query, so that those of a request and of the address can be compared.
function filtersOf(list, source) {
  const fields = new URLSearchParams([...source].filter(([name, text]) => text && ![list.name, 'shown', 'by'].includes(name)));
  fields.sort();
  return String(fields);
}

const addressOf = list => `/ops?${[list.name, list.filters, list.by && `by=${list.by}`].filter(Boolean).join('&')}`;

function asked(list, request) {
  Object.assign(list, { newest: [], older: [], cursor: null });
  byId('told').className = 'told';
  byId('told').textContent = '';
  list.filters = filtersOf(list, new URL(request.action, location).searchParams);
  for (const button of document.querySelectorAll('[data-format]')) {
    button.dataset.url = `${list.url}/export?format=${button.dataset.format}${list.filters && '&'}${list.filters}`;
  }
  // Places are listed on the screen of one place, too, whose address stays.
  if (list.filters === filtersOf(list, parameters()) || !parameters().has(list.name)) return;
  foldUp();
  choose(list, []);
  rename(addressOf(list));
}

// ---- what is shown ---------------------------------------------------------------------------------------

function rowsOf(list) {
  // A row of an older part may be in the newest by now.
  const known = new Set(list.newest.map(list.idOf));
  return sorted(list, [...list.newest, ...list.older.filter(row => !known.has(list.idOf(row)))]);
}

function sorted(list, rows) {
  const column = list.by && list.columns.find(({ key }) => key === list.by.replace('-', ''));
  if (!column) return rows;
  const way = list.by.startsWith('-') ? -1 : 1;
  return [...rows].sort((a, b) => way * order(column.by(a), column.by(b)));
}

const order = (a, b) => (typeof a === 'number' ? a - b : String(a).localeCompare(b, 'en', { numeric: true }));
const serverWay = list => new URLSearchParams(list.filters).get('sort');

function sortOf(list, { key, ways, isFirst }) {
  if (list.by) return { [key]: 'ascending', [`-${key}`]: 'descending' }[list.by] || 'none';
  if (!ways) return 'none';
  const way = serverWay(list) || (isFirst && ways[isFirst === 'descending' ? 1 : 0]);
  return way === ways[0] ? 'ascending' : way === ways[1] ? 'descending' : 'none';
}

function html(list) {
  const rows = rowsOf(list);
  const shown = `${plural(rows.length, list.one)} shown`;
  return list.draw(rows, {
    heads: list.columns.filter(({ label }) => label).map(column => ({ ...column, sorted: sortOf(list, column), css: column.number ? 'number' : '' })),
    any: rows.length > 0, none: !rows.length, hasMore: Boolean(list.cursor),
    note: list.by && list.cursor ? `Sorted among the ${shown}. There are more.` : '',
    more: list.cursor && `${list.url}?${list.filters}${list.filters && '&'}cursor=${encodeURIComponent(list.cursor)}`,
  });
}

function settled(list) {
  unfolded(document.querySelector(`#${list.name} tbody`), byId(`more-${list.name}`), list.first);
  list.first = null;
  const there = new Set(rowsOf(list).map(list.idOf));
  choose(list, [...list.picked].filter(id => there.has(id)));
}

function repaint(list) {
  put(byId(list.name), html(list));
  settled(list);
}

// ---- sorting ---------------------------------------------------------------------------------------------

const listAt = element => lists.get(element.closest('[data-list]')?.dataset.list);

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('button[data-sort]');
  const list = button && listAt(button);
  if (!list) return;
  const column = list.columns.find(({ key }) => key === button.dataset.sort);
  const isUp = sortOf(list, column) === 'ascending';
  list.by = column.ways ? null : `${isUp ? '-' : ''}${column.key}`;
  if (!column.ways) {
    rename(addressOf(list));
    repaint(list);
    return;
  }
  byId(list.form).elements.sort.value = column.ways[isUp ? 1 : 0];
  rename(addressOf(list));
  htmx.trigger(byId(list.form), 'submit');
});

// ---- choosing --------------------------------------------------------------------------------------------

function choose(list, ids) {
  list.picked.clear();
  for (const id of ids) list.picked.add(id);
  const boxes = [...document.querySelectorAll(`#${list.name} [data-pick]`)];
  for (const box of boxes) box.checked = list.picked.has(box.dataset.pick);
  const all = document.querySelector(`#${list.name} [data-pick-all]`);
  if (all) {
    all.checked = boxes.length > 0 && boxes.every(({ checked }) => checked);
    all.indeterminate = !all.checked && list.picked.size > 0;
  }
  list.chosen();
}

document.addEventListener('change', ({ target }) => {
  const list = target.matches?.('[data-pick], [data-pick-all]') && listAt(target);
  if (!list) return;
  if (target.dataset.pickAll !== undefined) choose(list, target.checked ? rowsOf(list).map(row => String(list.idOf(row))) : []);
  else choose(list, target.checked ? [...list.picked, target.dataset.pick] : [...list.picked].filter(id => id !== target.dataset.pick));
});

// ---- CSV -------------------------------------------------------------------------------------------------

async function everything(list) {
  const rows = [];
  let cursor = '';
  for (let page = 0; page < CSV_PAGES && cursor !== null && rows.length < CSV_ROWS; page++) {
    const { ok, json } = await call(`${list.url}?${list.filters}${list.filters && '&'}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    if (!ok) throw new Error(json.message);
    rows.push(...json[list.part]);
    cursor = json.nextCursor;
    if (byId(list.name)) tell(`${plural(rows.length, list.one)} so far…`, 'soon');
  }
  return { rows: sorted(list, rows), isCut: cursor !== null };
}

document.addEventListener('click', async ({ target }) => {
  const button = target.closest?.('button[data-csv]');
  const list = button && lists.get(button.dataset.csv);
  if (!list) return;
  button.disabled = true;
  try {
    const { rows, isCut } = await everything(list);
    save(`${list.name}.csv`, 'text/csv;charset=utf-8', csvOf(list.columns, rows));
    tell(`${plural(rows.length, list.one)} saved.${isCut ? ' There are more: narrow the filters.' : ''}`, isCut ? 'soon' : 'good');
  } catch ({ message }) {
    tell(message, 'bad');
  }
  button.disabled = false;
});

document.addEventListener('visibilitychange', () => {
  for (const { form } of lists.values()) if (!document.hidden && byId(form)) htmx.trigger(byId(form), 'refresh');
});
