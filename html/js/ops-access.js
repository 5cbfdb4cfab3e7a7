// SPDX-License-Identifier: MIT
// Who may use the console: the token is asked for when the server wants one, goes with every request, and is
// kept by this tab alone.

import htmx from '../vendor/htmx.js';
import { onAnswer } from './answers.js';
import { byId, focusHeading, put, render } from './html.js';
import { open } from './router.js';
import { recall, remember } from './store.js';

const KEY = 'adminToken';
const READ_MS = 15000;
let told = 0;
// A header can hold no other, whoever has put it where we found it.
const isToken = text => /^[\x21-\x7e]+$/.test(text);
let token = recall('sessionStorage', KEY);

function keep(text) {
  token = isToken(text) ? text : '';
  byId('sign-out').hidden = !token;
  remember('sessionStorage', KEY, token || null);
}

// After answers.js, which begins a request's headers.
htmx.registerExtension('operator', {
  htmx_config_request(element, { ctx }) {
    if (token && ctx.request.headers) ctx.request.headers.Authorization = `Bearer ${token}`;
    return true;
  },
});

// As onAnswer, for what only an operator may ask.
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

// A line at the top of the screen about what was done, or could not be.
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
