// Tells people who cannot see the page what has happened, and asks those who are about to lose something.

import { byId } from './html.js';

export function say(text, urgency = 'polite') {
  const region = byId(urgency);
  // A repeated text is news only if the region was empty in between.
  region.textContent = '';
  setTimeout(() => { region.textContent = text; }, 60);
}

// Takes the place of the browser's own box for hx-confirm.
document.addEventListener('htmx:confirm', event => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  if (!ctx.confirm) return;
  event.preventDefault();
  const dialog = byId('confirm');
  byId('confirm-title').textContent = 'Cancel this booking?';
  byId('confirm-text').textContent = ctx.confirm;
  byId('confirm-yes').textContent = 'Cancel booking';
  dialog.returnValue = '';
  dialog.addEventListener('close', () => (dialog.returnValue === 'yes' ? issueRequest : dropRequest)(), { once: true });
  dialog.showModal();
});
