// SPDX-License-Identifier: MIT
// Who is on a flight, by seat, boarded or not; and boarding, by a locator that is typed, scanned or shown to a camera.

import { plural } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { ask, refresh, sendJson } from './ops-ask.js';
import { hasCamera, startCamera, stopCamera } from './ops-camera.js';
import { faultsOf } from './ops-faults.js';
import { flightView } from './ops-flight-words.js';
import { orderUrl } from './ops-words.js';
import { missing, onAddress } from './router.js';

let key = '';                // the flight's id, as it stands in addresses
let passengers = [];
let asked = null;            // { locator, passenger }: who is being boarded

function show(template, title, id) {
  document.title = `${title} · Operations`;
  passengers = [];
  key = encodeURIComponent(id);
  put(byId('main'), render(template, { id, key, may, hasCamera: hasCamera() }), 'innerHTML');
  ask('of-flight', `/api/admin/flights/${key}`);
}

onAddress('manifest', id => show('view-manifest', 'Passengers', id));

onAddress('boarding', id => {
  show('view-boarding', 'Boarding', id);
  byId('locator').focus();
  return stopCamera;
});

onOperator('ops-of-flight', flight => {
  const { flightNumber, origin, destination, departs, departsUtc } = flightView(flight);
  if (!byId('of-flight')) return;
  byId('of-flight').textContent = `${flightNumber}, ${origin} to ${destination}`;
  byId('flight-leaves').textContent = `${departs} · ${departsUtc}`;
}, { refused: () => {} });

const refused = ({ status, message }) => (status === 404 ? missing('No such flight', message) : tell(message, 'bad'));

function line(passenger) {
  const { givenName, familyName, name, userId } = passenger;
  return {
    ...passenger, who: name || [givenName, familyName].filter(Boolean).join(' ') || userId || 'not named', orderUrl: orderUrl(passenger.orderId),
    isBoarded: Boolean(passenger.boarded || passenger.boardedAt),
  };
}

onOperator('ops-manifest', ({ passengers: all }) => {
  passengers = all.map(line);
  const boarded = passengers.filter(({ isBoarded }) => isBoarded).length;
  return render('manifest', { may, passengers, any: passengers.length > 0, none: !passengers.length, count: `${boarded} of ${plural(passengers.length, 'passenger')} boarded.` });
}, { refused });

// ---- boarding ----------------------------------------------------------------------------------------------

const ofLocator = locator => passengers.filter(passenger => passenger.locator === locator);

// A ticket's code may hold more than the locator, such as the address of the booking.
export const locatorIn = text => (/[A-Z0-9]{6}(?![A-Z0-9])/.exec(text.toUpperCase().replace(/^.*[/=]/, '')) || [text.trim().toUpperCase()])[0];

document.addEventListener('submit', event => {
  if (event.target.id !== 'board') return;
  const field = event.target.elements.locator;
  const locator = locatorIn(field.value);
  const waiting = ofLocator(locator).filter(({ isBoarded }) => !isBoarded);
  asked = { locator, passenger: event.target.elements.passenger?.value };
  if (waiting.length === 1) asked.passenger = waiting[0].passenger;
  if (!field.value.trim()) say('bad', 'Type or scan a locator.');
  else if (waiting.length > 1) choose(locator, waiting);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

function choose(locator, waiting) {
  put(byId('board-choice'), render('board-choice', { key, locator, waiting, count: plural(waiting.length, 'passenger') }), 'innerHTML');
  focusHeading(byId('board-choice'));
}

function say(tone, text) {
  put(byId('board-says'), render('board-says', { tone, text }), 'innerHTML');
  const field = byId('locator');
  field.focus();
  field.select();
}

onOperator('ops-boarded', answer => {
  const { who, seat } = passengers.find(({ passenger, locator }) => passenger === asked.passenger && locator === asked.locator) || line(answer);
  if (!byId('board-choice')) return;
  put(byId('board-choice'), '', 'innerHTML');
  byId('locator').value = '';
  say('good', `${who} is on board${seat ? `, seat ${seat}` : ''}.`);
  refresh('manifest');
}, {
  before: (element, request) => {
    if (element.dataset.passenger) asked = { locator: element.dataset.locator, passenger: element.dataset.passenger };
    sendJson(request, asked);
  },
  refused: problem => {
    say('bad', faultsOf(problem)[0].message);
    refresh('manifest');
  },
});

document.addEventListener('click', ({ target }) => {
  if (target.id !== 'camera') return;
  startCamera(byId('camera-picture'), text => {
    byId('locator').value = locatorIn(text);
    byId('board').requestSubmit();
  }, text => say('bad', text));
});
