// SPDX-License-Identifier: MIT
// How the console's screens ask and tell the API what htmx's attributes alone cannot say: questions that come up while a
// screen is open, bodies in JSON, and answers that are kept as files.

import htmx from '../vendor/htmx.js';
import { byId, render } from './html.js';
import { credentials, tell } from './ops-access.js';

// Puts an element on the screen that asks at once, and again as often as `trigger` says; its answer goes to the renderer
// of that name. An earlier question of that name is taken back.
export function ask(name, url, trigger = 'load') {
  byId(`ask-${name}`)?.remove();
  byId('main').insertAdjacentHTML('beforeend', render('ask', { name, url, trigger }));
  htmx.process(byId(`ask-${name}`));
}

// Has these elements ask again now.
export function refresh(...ids) {
  for (const id of ids) if (byId(id)) htmx.trigger(byId(id), 'refresh');
}

// Renderers call this before their request is sent.
export function sendJson(request, value) {
  request.body = JSON.stringify(value);
  request.headers['Content-Type'] = 'application/json';
}

// A link could not send the token, so the page fetches the file and hands it to the browser.
export async function download(url, name) {
  const answer = await fetch(url, { headers: credentials(), cache: 'no-store' }).catch(() => null);
  if (!answer?.ok) {
    const problem = await answer?.json().catch(() => null);
    tell(problem?.message || 'The file could not be fetched. Please try again.', 'bad');
    return;
  }
  hand(name, await answer.blob());
}

function hand(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// The same for a file that the page has made.
export const save = (name, type, text) => hand(name, new Blob([text], { type }));

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('button[data-download]');
  if (button) download(button.dataset.url, button.dataset.download);
});
