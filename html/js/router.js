// Addresses: /  /?bookings  /?flight=ID  /?order=ID. Each can be opened, reloaded and sent to a friend.

import { byId, focusHeading, put, render } from './html.js';

const screens = [];          // [name of the parameter, show(value)]; the last one is for everything else
let leave = () => {};

// `show` paints the screen and returns what is to be done when it is left.
export function onAddress(parameter, show) {
  screens.push([parameter, show]);
}

export function go(address) {
  history.pushState(null, '', address);
  open();
  scrollTo(0, 0);
  focusHeading(byId('main'));
}

// The address of what is on screen already.
export const rename = address => history.replaceState(null, '', address);

export function open() {
  leave();
  const parameters = new URLSearchParams(location.search);
  const [name, show] = screens.find(([parameter]) => parameter === null || parameters.has(parameter));
  for (const link of document.querySelectorAll('[data-nav]')) {
    const here = link.dataset.nav === (name || 'flights');
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  leave = show(parameters.get(name)) || (() => {});
}

export function missing(title, text) {
  document.title = title;
  put(byId('main'), render('missing', { title, text }), 'innerHTML');
  focusHeading(byId('main'));
}

addEventListener('popstate', open);

document.addEventListener('click', event => {
  const link = event.target.closest('a[data-go]');
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
