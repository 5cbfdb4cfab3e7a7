// SPDX-License-Identifier: MIT
// Who is asking, as the server tells: somebody who has signed in, or nobody. Where nobody has to sign in, and nobody can,
// customers say their name, and this part shows nothing.

import htmx from '../vendor/htmx.js';
import { onAnswer } from './answers.js';
import { byId, focusHeading, put, render } from './html.js';
import { user } from './state.js';

const NOBODY = { user: null, role: null, customers: 'open', signIn: null, signOut: null };

let me = null;               // what the server answered last
let hadSession = false;
let hasEnded = false;        // nobody has signed in, or not any more, and the server wanted it
let waiting = [];            // what has to know who is asking
const listeners = [];

// Called when it is somebody else who is asking.
export const onAccount = listener => listeners.push(listener);

// Calls back at once or, before the server has answered for the first time, when it has.
export function whenKnown(callback) {
  if (me) callback();
  else waiting.push(callback);
}

const known = () => me || NOBODY;

export const isSignedIn = () => Boolean(known().user);
export const mustSignIn = () => known().customers === 'signed-in' && !known().user;
export const isOver = () => hasEnded;

// The name of the customer, as it was given by signing in or else typed here.
export const customer = () => known().user || user.id;

// For the templates: either the account, or a way to sign in, or the field for the name.
export const accountView = () => ({
  account: known().user && { user: known().user, signOut: known().signOut },
  signIn: mustSignIn() && { href: signInHere() }, asksName: !isSignedIn() && !mustSignIn(),
});

// Those of the staff see everybody's bookings, unless they say whose.
export const isStaff = () => Boolean(known().role && known().user);

export const signInHere = () => `${known().signIn}?rd=${location.pathname}${location.search}`;

onAnswer('me', answer => learn(answer), { refused: () => learn(NOBODY) });

function learn(answer) {
  const before = known();
  me = answer;
  if (isSignedIn()) {
    hadSession = true;
    hasEnded = false;
  }
  paintHeader();
  for (const callback of waiting) callback();
  waiting = [];
  if (before.user !== me.user || before.customers !== me.customers) for (const listener of listeners) listener();
}

// Called when the server wants somebody to sign in. Tells whether somebody had, on this page.
export function signedOut() {
  hasEnded = true;
  me = { ...known(), user: null, role: null, signOut: null };
  paintHeader();
  return hadSession;
}

// For an address that shows nothing before the customer has signed in.
export function signInFirst(title, text) {
  document.title = title;
  put(byId('main'), render('sign-in-first', { title, text, href: signInHere() }), 'innerHTML');
  focusHeading(byId('main'));
}

function paintHeader() {
  const { user: name, signIn, signOut } = known();
  const place = byId('account');
  place.hidden = !name && !signIn;
  put(place, place.hidden ? '' : render('account', { name, signOut, href: signInHere() }));
}

// The address changes while seats are chosen, and it is the one to come back to.
document.addEventListener('click', ({ target }) => {
  const link = target.closest?.('a[data-sign-in]');
  if (link) link.href = signInHere();
}, true);

// Somebody may have signed in in another tab.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && hasEnded) htmx.trigger(byId('me'), 'ask');
});
