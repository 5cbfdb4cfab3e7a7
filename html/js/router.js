// SPDX-License-Identifier: MIT
// Addresses: /?origin=&destination=&date=&shown=  /?bookings&shown=  /?flight=ID&seats=  /?order=ID&seats=
// /?find=LOCATOR.
// Each can be opened, reloaded and sent to a friend, and determines everything on screen.

import { forgetErrors } from './forms.js';
import { byId, focusHeading, put, render } from './html.js';
import { bringBack, keepPlace, newPlace } from './place.js';

const listeners = [];
const screens = [];          // [name of the parameter, show(value)]; the last one takes all other addresses
let leave = () => {};

// `show` paints the screen and returns a function to call when the screen is left.
export function onAddress(parameter, show) {
  screens.push([parameter, show]);
}

export const parameters = () => new URLSearchParams(location.search);

export function go(address) {
  visit(address);
  open();
  scrollTo(0, 0);
  focusHeading(byId('main'));
}

// Both give the current screen another address: visit() adds it to the history, rename() replaces the current one.
export function visit(address) {
  keepPlace();
  newPlace();
  history.pushState(null, '', address);
}

export function rename(address) {
  if (address === location.pathname + location.search) return;
  try {
    history.replaceState(history.state, '', address);
  } catch { /* some browsers refuse when this is done too often */ }
}

export function open() {
  leave();
  forgetErrors();
  const given = parameters();
  const [name, show] = screens.find(([parameter]) => parameter === null || given.has(parameter));
  for (const link of document.querySelectorAll('[data-nav]')) {
    const screen = name || 'flights';
    const isHere = link.dataset.nav === screen;
    if (isHere || link.dataset.navOf?.split(' ').includes(screen)) link.setAttribute('aria-current', isHere ? 'page' : 'true');
    else link.removeAttribute('aria-current');
  }
  leave = show(given.get(name)) || (() => {});
  for (const listener of listeners) listener();
}

// Called when another screen is open.
export const onScreen = listener => listeners.push(listener);

export function missing(title, text) {
  document.title = title;
  put(byId('main'), render('missing', { title, text }), 'innerHTML');
  focusHeading(byId('main'));
}

// Opens the screen that the address names, in the place where it was left.
export function reopen() {
  bringBack();
  open();
}

addEventListener('popstate', () => {
  reopen();
  if (!history.state?.focus) focusHeading(byId('main'));
});

document.addEventListener('click', event => {
  const link = event.target.closest('a[data-go]');
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
