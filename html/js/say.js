// SPDX-License-Identifier: MIT
// Announces to screen readers what has happened, and asks for confirmation before something is lost.

import { check, showError } from './forms.js';
import { byId } from './html.js';
import { words } from './words.js';

const HEARD_MS = 5000;

// Each announcement is a line of its own, so that none silences another.
export function say(text, urgency = 'polite') {
  const line = document.createElement('p');
  line.textContent = text;
  byId(urgency).append(line);
  setTimeout(() => line.remove(), HEARD_MS);
}

// Replaces the browser's own dialog for hx-confirm. An element with data-ask="name" needs an answer in words, too, which
// its request sends under that name.
document.addEventListener('htmx:confirm', event => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  if (!ctx.confirm) return;
  event.preventDefault();
  const dialog = byId('confirm');
  const { title = words('cancel.title'), yes = words('cancel.button'), ask } = ctx.sourceElement.dataset;
  byId('confirm-title').textContent = title;
  byId('confirm-text').textContent = ctx.confirm;
  byId('confirm-yes').textContent = yes;
  begin(ask);
  dialog.returnValue = '';
  // Escape answers at once, by 'cancel': 'close' comes only after the focus is back, and a key pressed between the two
  // would be dropped.
  const answered = new AbortController();
  const answer = event => {
    // An earlier question's event may come late, because keys go first.
    if (event.type === 'close' && dialog.open) return;
    answered.abort();
    const isYes = event.type === 'close' && dialog.returnValue === 'yes';
    if (isYes && ask) ctx.request.body.set(ask, byId('confirm-words').value.trim());
    (isYes ? issueRequest : dropRequest)();
  };
  for (const way of ['close', 'cancel'])
    dialog.addEventListener(way, answer, { signal: answered.signal });
  dialog.showModal();
});

function begin(ask) {
  const field = byId('confirm-words');
  if (!field) return;
  field.value = '';
  field.required = Boolean(ask);
  field.closest('.ask').hidden = !ask;
  showError(field.name);
}

document.addEventListener('submit', event => {
  if (event.target.method === 'dialog' && event.submitter?.value === 'yes' && !check(event.target)) event.preventDefault();
});
