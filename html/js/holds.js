// SPDX-License-Identifier: MIT
// What this browser holds or has booked, in whichever tab. A running hold is on every screen, with the time that is left
// and a way back to it, and its seats are drawn as the customer's own wherever the flight is open.

import { customer, isSignedIn, isStaff, mustSignIn, onAccount } from './account.js';
import { onAnswer } from './answers.js';
import { listed, minutesAndSeconds } from './format.js';
import { byId, put, render } from './html.js';
import { phaseOf } from './model.js';
import { onScreen, parameters } from './router.js';
import { recall, remember } from './store.js';
import { words } from './words.js';

const KEY = 'holds';
const MOST = 20;
const SHOWN = 2;

const isText = value => typeof value === 'string';
const isEntry = each => [each?.orderId, each?.flightId, each?.userId, each?.flight].every(isText) && Array.isArray(each.seats) && each.seats.every(isText)
  && ['held', 'paying', 'confirmed'].includes(each.phase) && Number.isFinite(each.until);

function parse(text) {
  try {
    return [].concat(JSON.parse(text)).filter(isEntry);
  } catch {
    return [];
  }
}

let all = parse(recall('localStorage', KEY));   // { orderId, flightId, flight, userId, isAccount, seats, phase, until }
let prefix = '';                                // what stands before the title
const listeners = [];

// Called when another tab has changed what is held.
export const onHolds = listener => listeners.push(listener);

function keep(entries) {
  all = entries.filter(({ until }) => until > Date.now()).slice(-MOST);
  remember('localStorage', KEY, JSON.stringify(all));
  paint();
}

// Where customers sign in, a browser may be shared by several; until it is known who is there, it is nobody's.
const isMine = ({ userId, isAccount }) => (isSignedIn() ? userId === customer() : !isAccount && !mustSignIn());
const mine = () => all.filter(each => each.until > Date.now() && isMine(each));
const isHere = ({ orderId }) => parameters().get('order') === orderId;

export const ownOrderOf = (flightId, seat) => mine().find(each => each.flightId === flightId && each.seats.includes(seat))?.orderId;

// Called with each order that the server tells. `isAsked`: this browser has asked for it.
export function note(order, isAsked) {
  const others = all.filter(({ orderId }) => orderId !== order.orderId);
  const phase = phaseOf(order.status);
  if (isStaff() || !isAsked && others.length === all.length) return;
  if (!['held', 'paying', 'confirmed'].includes(phase)) return keep(others);
  const { orderId, flightId, userId, seats, flight, expiresAt, serverTime } = order;
  // The server's clock says how long, and this computer's until when. A payment may take its time.
  const until = Date.now() + Date.parse(phase === 'held' ? expiresAt : flight.departureTime) - Date.parse(serverTime);
  keep([...others, { orderId, flightId, userId, seats, phase, until, isAccount: isSignedIn(), flight: `${flight.flightNumber} ${flight.origin}–${flight.destination}` }]);
}

onAnswer('hold', order => {
  note(order, true);
  return null;
}, { refused: ({ status }, { dataset }) => (status === 404 ? keep(all.filter(({ orderId }) => orderId !== dataset.order)) : null) });

// ---- the line ------------------------------------------------------------------------------------------

const left = ({ until }) => Math.max(0, Math.floor((until - Date.now()) / 1000));
const open = () => mine().filter(each => each.phase !== 'confirmed' && !isHere(each)).sort((a, b) => a.until - b.until).slice(0, SHOWN);

const lineView = each => ({
  orderId: each.orderId, key: encodeURIComponent(each.orderId), isHeld: each.phase === 'held', time: minutesAndSeconds(left(each)),
  text: words(each.phase === 'held' ? 'holds.held' : 'holds.paying', { seats: listed(each.seats), flight: each.flight, count: each.seats.length }),
});

function paint() {
  const lines = open();
  byId('holds').hidden = !lines.length;
  put(byId('holds'), lines.length ? render('holds', { lines: lines.map(lineView) }) : '');
  tick();
}

// Whoever looks at another tab reads the time in the title.
function tick() {
  const lines = open();
  if (lines.length !== byId('holds').childElementCount) return paint();
  for (const each of lines) {
    const place = byId(`hold-left-${each.orderId}`);
    if (place) place.textContent = minutesAndSeconds(left(each));
  }
  // A booking's own screen has its own title.
  const [first] = parameters().has('order') ? [] : lines.filter(({ phase }) => phase === 'held');
  const base = prefix && document.title.startsWith(prefix) ? document.title.slice(prefix.length) : document.title;
  prefix = first ? `${words('title.left', { time: minutesAndSeconds(left(first)) })} · ` : '';
  if (document.title !== prefix + base) document.title = prefix + base;
}

setInterval(tick, 500);
onScreen(paint);
onAccount(paint);

addEventListener('storage', ({ key, newValue }) => {
  if (key !== KEY && key !== null) return;
  all = parse(newValue || '');
  paint();
  for (const listener of listeners) listener();
});
