// SPDX-License-Identifier: MIT
// One flight: what it is, what can be done with it, and its seats. What an action would do is said before it is done.

import { plural } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { refresh, sendJson } from './ops-ask.js';
import { faultsOf, showFaults } from './ops-faults.js';
import { DID, cancelLines, factsOf, flightView, isOver } from './ops-flight-words.js';
import { showSeatsOf } from './ops-seat-map.js';
import { swapAsked } from './ops-swap.js';
import { go, missing, onAddress } from './router.js';

let it = null;               // the flight as it is known

onAddress('flight', id => {
  document.title = 'Flight · Operations';
  it = null;
  showSeatsOf(null);
  put(byId('main'), render('view-flight', { id, key: encodeURIComponent(id) }), 'innerHTML');
});

onOperator('ops-flight', flight => {
  it = flight;
  document.title = `${flight.flightNumber} · Operations`;
  showSeatsOf(flight);
  put(byId('flight'), render('flight', flightFacts(flight)));
}, {
  refused: ({ status, message }) => (status === 404 ? missing('No such flight', message) : tell(message, 'bad')),
});

function flightFacts(flight) {
  const over = isOver(flight);
  const ordered = flight.sold || flight.held;
  return {
    ...flightView(flight), may, facts: factsOf(flight), ordersUrl: `/ops?orders&flightId=${encodeURIComponent(flight.id)}`,
    canClose: may.operator && !over && flight.status === 'ON_SALE', canOpen: may.operator && !over && flight.status === 'CLOSED',
    canCancel: may.operator && flight.status !== 'CANCELLED', canSwap: may.operator && !over && Boolean(flight.cabin), canEdit: may.operator && !over,
    canRemove: may.operator && !ordered,
  };
}

const askAgain = () => refresh('flight-poll', 'seat-poll');

// ---- close and open ---------------------------------------------------------------------------------------

for (const verb of ['close', 'open']) {
  onOperator(`ops-flight-${verb}`, () => {
    tell(DID[verb]);
    askAgain();
  }, { before: (button, request) => sendJson(request, { reason: request.body?.get?.('reason') || undefined }) });
}

onOperator('ops-flight-removed', () => {
  go('/ops?flights');
  tell(`${it.flightNumber} is removed.`);
});

// ---- what is about to be done ------------------------------------------------------------------------------

function plan(template, view) {
  put(byId('plan'), render(template, view), 'innerHTML');
  focusHeading(byId('plan'));
}

document.addEventListener('click', ({ target }) => {
  if (target.id === 'plan-back') {
    put(byId('plan'), '', 'innerHTML');
    byId('flight').querySelector('button, a')?.focus();
  }
  if (target.id === 'swap-flight') swapAsked(it);
});

onOperator('ops-cancel-plan', would => plan('cancel-plan', {
  key: encodeURIComponent(it.id), flightNumber: it.flightNumber, lines: cancelLines(would),
}), { before: (button, request) => sendJson(request, { dryRun: true, reason: 'Only a look' }) });

onOperator('ops-flight-cancelled', ({ orders = 0 }) => {
  put(byId('plan'), '', 'innerHTML');
  tell(orders ? `The flight is cancelled and off sale. ${plural(orders, 'order')} ${orders === 1 ? 'is' : 'are'} being ended, one after the other.` : 'The flight is cancelled.');
  askAgain();
}, {
  before: (form, request) => sendJson(request, { reason: form.elements.reason.value.trim() }),
  refused: (problem, form) => showFaults(form, faultsOf(problem)),
});
