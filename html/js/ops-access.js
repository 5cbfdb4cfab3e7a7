// SPDX-License-Identifier: MIT
// Access to the console: the page asks for the token when the server wants one, sends it with every request, and keeps
// it in this tab only.

import htmx from '../vendor/htmx.js';
import { onAnswer } from './answers.js';
import { byId, focusHeading, put, render } from './html.js';
import { open } from './router.js';
import { recall, remember } from './store.js';

const KEY = 'adminToken';
const READ_MS = 15000;
let told = 0;
// A header cannot hold other characters. A stored token is checked too, because another program may have stored it.
const isToken = text => /^[\x21-\x7e]+$/.test(text);
let token = recall('sessionStorage', KEY);

function keep(text) {
  token = isToken(text) ? text : '';
  byId('sign-out').hidden = !token;
  remember('sessionStorage', KEY, token || null);
}

// Registered after answers.js, which sets a request's headers first.
htmx.registerExtension('operator', {
  htmx_config_request(element, { ctx }) {
    if (token && ctx.request.headers) ctx.request.headers.Authorization = `Bearer ${token}`;
    return true;
  },
});

// Like onAnswer, for requests that only an operator may send.
export function onOperator(name, show, more = {}) {
  onAnswer(name, show, {
    ...more,
    refused: (problem, element) => {
      if (problem.error === 'UNAUTHORIZED') ask();
      else if (problem.error === 'FORBIDDEN') take('forbidden', {});
      else (more.refused || (({ message }) => tell(message, 'bad')))(problem, element);
    },
  });
}

function ask() {
  const error = token ? 'The server does not know this token.' : '';
  keep('');
  take('token', { error });
  byId('token').focus();
}

function take(template, view) {
  document.title = 'Operations';
  put(byId('main'), render(template, view), 'innerHTML');
  focusHeading(byId('main'));
}

// Shows a line at the top of the screen that says what was done, or could not be done.
export function tell(text, tone = 'good') {
  const line = byId('told');
  if (!line) return;
  line.textContent = text;
  line.className = `told notice ${tone}`;
  clearTimeout(told);
  if (tone === 'good') told = setTimeout(() => { line.textContent = ''; }, READ_MS);
}

document.addEventListener('submit', event => {
  if (event.target.id !== 'token-form') return;
  event.preventDefault();
  const text = byId('token').value.trim();
  if (!isToken(text)) {
    byId('token-error').textContent = text ? 'A token has neither blanks nor accents.' : 'Enter the token.';
    return;
  }
  keep(text);
  open();
  focusHeading(byId('main'));
});

byId('sign-out').addEventListener('click', () => {
  keep('');
  ask();
});

keep(token);
