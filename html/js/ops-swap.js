// SPDX-License-Identifier: MIT
// Swaps a flight's aircraft: chooses another cabin, says who keeps which seat, who moves and who cannot, and then does it.

import { byId, focusHeading, put, render } from './html.js';
import { onOperator, tell } from './ops-access.js';
import { ask, refresh, sendJson } from './ops-ask.js';
import { faultsOf, showFaults } from './ops-faults.js';
import { CONFLICTS, swapLines } from './ops-flight-words.js';
import { orderUrl } from './ops-words.js';

const CABINS = '/api/admin/cabins?limit=100';

let flight = null;
let known = [];              // the cabins there are
let sent = null;             // what the last preview, or the swap, asked for

export function swapAsked(of) {
  flight = of;
  put(byId('plan'), render('swap', { key: encodeURIComponent(flight.id), flightNumber: flight.flightNumber, present: flight.cabin }), 'innerHTML');
  focusHeading(byId('plan'));
  known = [];
  ask('swap-choices', CABINS);
}

onOperator('ops-swap-choices', ({ cabins, nextCursor }) => {
  if (!byId('swap-form')) return;
  known.push(...cabins);
  if (nextCursor) ask('swap-choices', `${CABINS}&cursor=${nextCursor}`);
  const others = known.filter(({ id, version }) => id !== flight.cabin?.id || version !== flight.cabin?.version);
  put(byId('swap-form').elements.cabin, render('cabin-choices', {
    cabins: others.map(({ id, version, name, seatCount }) => ({ value: `${id}/${version}`, label: `${name} (${id}, version ${version}, ${seatCount} seats)` })),
  }), 'innerHTML');
});

// A preview of another cabin is no preview.
document.addEventListener('change', ({ target }) => {
  if (target.form?.id === 'swap-form' && target.name === 'cabin') put(byId('swap-plan'), '', 'innerHTML');
});

function asked(form, more) {
  const [id, version] = form.elements.cabin.value.split('/');
  return { cabin: { id, version: Number(version) }, ...more };
}

const refused = (problem, form) => showFaults(form, faultsOf(problem));

onOperator('ops-swap-plan', would => {
  const { moves, conflicts } = would;
  put(byId('swap-plan'), render('swap-plan', {
    key: encodeURIComponent(flight.id), lines: swapLines(would), anyMoves: moves.length > 0, anyConflicts: conflicts.length > 0,
    moves: moves.map(move => ({ ...move, url: orderUrl(move.orderId) })), conflicts: conflicts.map(conflict => ({ ...conflict, seat: conflict.seat || conflict.from, why: CONFLICTS[conflict.why] || conflict.why, url: orderUrl(conflict.orderId) })),
  }), 'innerHTML');
  focusHeading(byId('swap-plan'));
}, {
  before: (form, request) => sendJson(request, sent = asked(form, { dryRun: true, onConflict: 'refund', reason: 'Only a look' })),
  refused,
});

onOperator('ops-swapped', ({ moves }) => {
  put(byId('plan'), '', 'innerHTML');
  tell(`${flight.flightNumber} flies with ${sent.cabin.id} now.${moves.length ? ' Those who moved are told.' : ''}`);
  refresh('flight-poll', 'seat-poll');
}, {
  before: (form, request) => sendJson(request, sent = {
    cabin: sent.cabin, dryRun: false, onConflict: form.elements.onConflict?.value || 'refuse', reason: form.elements.reason.value.trim(),
  }),
  refused,
});
