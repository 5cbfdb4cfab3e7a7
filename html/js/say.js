// SPDX-License-Identifier: MIT
// Announces to screen readers what has happened, and asks for confirmation before something is lost.

import { byId } from './html.js';

const HEARD_MS = 5000;

// Each announcement is a line of its own, so that none silences another.
export function say(text, urgency = 'polite') {
  const line = document.createElement('p');
  line.textContent = text;
  byId(urgency).append(line);
  setTimeout(() => line.remove(), HEARD_MS);
}

// Replaces the browser's own dialog for hx-confirm.
document.addEventListener('htmx:confirm', event => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  if (!ctx.confirm) return;
  event.preventDefault();
  const dialog = byId('confirm');
  const { title = 'Cancel this booking?', yes = 'Cancel booking' } = ctx.sourceElement.dataset;
  byId('confirm-title').textContent = title;
  byId('confirm-text').textContent = ctx.confirm;
  byId('confirm-yes').textContent = yes;
  dialog.returnValue = '';
  // Escape answers at once, by 'cancel': 'close' comes only after the focus is back, and a key pressed between the two
  // would be dropped.
  const answered = new AbortController();
  const answer = event => {
    answered.abort();
    (event.type === 'close' && dialog.returnValue === 'yes' ? issueRequest : dropRequest)();
  };
  for (const way of ['close', 'cancel'])
    dialog.addEventListener(way, answer, { signal: answered.signal });
  dialog.showModal();
});
