// SPDX-License-Identifier: MIT
// Finds a booking by its reference and a name or an e-mail address, for whoever has no account or sits at another
// computer. The answer's token opens that booking.

import { onAnswer } from './answers.js';
import { showError } from './forms.js';
import { byId, put, render } from './html.js';
import { keepKey } from './order-key.js';
import { go, onAddress } from './router.js';
import { words } from './words.js';

let told = '';               // why the screen opens by itself

onAddress('find', locator => {
  document.title = words('find.title');
  put(byId('main'), render('view-find', { locator, told }), 'innerHTML');
  told = '';
});

// Called when a token is no longer good.
export function findAgain(locator) {
  told = words('find.again');
  go(`/?find=${encodeURIComponent(locator || '')}`);
}

onAnswer('found', found => {
  keepKey(found);
  go(`/?order=${encodeURIComponent(found.orderId)}`);
  return null;
}, {
  before(form, { body }) {
    const who = body.get('who').trim();
    body.delete('who');
    body.set(who.includes('@') ? 'email' : 'familyName', who);
    say('');
  },
  refused({ status, field, message }) {
    if (status === 404) say(words('find.none'));
    else if (!showError(field, message)) say(message);
  },
});

function say(text) {
  put(byId('find-told'), text && render('notices', { notice: { tone: 'bad', text } }));
}
