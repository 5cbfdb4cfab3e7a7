// SPDX-License-Identifier: MIT
// Access to the console. The page asks the server who is there: whoever signed in, or whoever the token of this tab
// belongs to. It asks for the token when it needs one, sends it with every request, and keeps it in this tab only. It
// shows what the role may do; what the role may do is decided by the server.

import htmx from '../vendor/htmx.js';
import { onAnswer } from './answers.js';
import { byId, focusHeading, put, render } from './html.js';
import { open } from './router.js';
import { recall, remember } from './store.js';

const KEY = 'adminToken';
const READ_MS = 15000;
const ROLES = ['viewer', 'agent', 'operator', 'admin'];      // each may do what the ones before it may
const NOBODY = { user: null, role: null, signIn: null, signOut: null };
let told = 0;
let me = NOBODY;
let refusal = '';            // what was refused, for the screen that opens again with another role
let isIn = false;            // a screen of the console is open, not the form for the token
// A header cannot hold other characters. A stored token is checked too, because another program may have stored it.
const isToken = text => /^[\x21-\x7e]+$/.test(text);
let token = recall('sessionStorage', KEY);

// The templates use these to leave out what the role may not do: {{#may.operator}}.
export const may = {};
export { ROLES };

function keep(text) {
  token = isToken(text) ? text : '';
  remember('sessionStorage', KEY, token || null);
}

// What a request that does not go through htmx has to send along.
export const credentials = () => (token ? { Authorization: `Bearer ${token}` } : {});

// Registered after answers.js, which sets a request's headers first.
htmx.registerExtension('operator', {
  htmx_config_request(element, { ctx }) {
    if (token && ctx.request.headers) ctx.request.headers.Authorization = `Bearer ${token}`;
    return true;
  },
});

// ---- who is there --------------------------------------------------------------------------------------

const askWhoIsThere = () => htmx.trigger(byId('me'), 'ask');

function become(answer) {
  const before = me;
  me = answer;
  for (const role of ROLES) may[role] = ROLES.indexOf(me.role) >= ROLES.indexOf(role);
  for (const link of document.querySelectorAll('[data-needs]')) link.hidden = !may[link.dataset.needs];
  byId('who').hidden = !me.role;
  byId('who').textContent = [me.name || me.user, me.role].filter(Boolean).join(', ');
  byId('sign-out').hidden = !(token || me.signOut);
  return before;
}

onAnswer('ops-me', answer => {
  const before = become(answer);
  if (!me.role) ask(token ? 'The server does not know this token.' : '');
  else if (!isIn || me.role !== before.role) enter();
  if (refusal && me.role) tell(refusal, 'bad');
  refusal = '';
}, {
  refused: ({ error, message }) => ask(error === 'UNAUTHORIZED' ? 'The server does not know this token.' : message),
});

function enter() {
  isIn = true;
  open();
}

// Like onAnswer, for requests that only staff may send.
export function onOperator(name, show, more = {}) {
  onAnswer(name, show, {
    ...more,
    refused: (problem, element) => {
      if (problem.error === 'UNAUTHORIZED') end();
      else if (problem.error === 'FORBIDDEN') forbid(problem, element);
      else (more.refused || (({ message }) => tell(message, 'bad')))(problem, element);
    },
  });
}

function end() {
  if (!isIn) return;
  const error = token ? 'The server does not know this token any more.' : me.user ? 'Your session has ended.' : '';
  become({ ...NOBODY, signIn: me.signIn });
  ask(error);
}

// The role may have changed since the page asked for it.
function forbid({ message }, element) {
  if (element.hasAttribute('hx-get')) take('forbidden', { message });
  else tell(refusal = message, 'bad');
  askWhoIsThere();
}

function ask(error) {
  isIn = false;
  keep('');
  byId('sign-out').hidden = !me.signOut;
  take('token', { error, user: me.user, signIn: me.signIn });
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
  askWhoIsThere();
});

// Whoever signed in and sent a token, too, has signed in still when the token is forgotten.
byId('sign-out').addEventListener('click', () => {
  if (!token) {
    location.assign(me.signOut);
    return;
  }
  isIn = false;
  keep('');
  put(byId('main'), '', 'innerHTML');
  askWhoIsThere();
});

document.addEventListener('click', ({ target }) => {
  const link = target.closest?.('a[data-sign-in]');
  if (link) link.href = `${me.signIn}?rd=${location.pathname}${location.search}`;
}, true);
