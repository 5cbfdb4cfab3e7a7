// SPDX-License-Identifier: MIT
// An htmx extension that lets a static page use a JSON API.
//
// An element with data-render="name" passes the JSON answer to its request to the function registered under that name,
// and the HTML that the function returns is swapped in (nothing is, if it returns null). The extension also adds the
// headers that the API uses to each request: Idempotency-Key, If-Match, If-None-Match.

import htmx from '../vendor/htmx.js';
import { afterAWhile } from './attention.js';
import { check } from './forms.js';
import { isAnswered, isDue, isTroubled, newKey, send } from './net.js';
import { inWords } from './told.js';
import { words } from './words.js';

const renderers = new Map();
const etags = new WeakMap();
const waiting = new WeakMap();     // element that polls → when it is its turn, if that can wait
const submitted = new WeakMap();   // form → the fields it was last sent with
const nothing = () => {};

// wanted     tells whether a poll is worth sending
// urgent     tells whether somebody waits for a poll's answer; otherwise it is sent every three seconds or so
// keeps      tells whether an answer from the browser's cache will do
// match      returns the If-Match of a change
// before     is called before a request that is not a poll is sent
// after      is called when that request was answered or given up, and told whether its outcome is known
// refused    is called with the problem document of a refusal
// settled    is called when the rendered HTML is on the page
export function onAnswer(name, render, more = {}) {
  renderers.set(name, { render, wanted: () => true, urgent: () => true, keeps: () => false, match: nothing, before: nothing, after: nothing, refused: nothing, settled: nothing, ...more });
}

// Makes the next answer come in full rather than as 304: the page's clock may have stopped in the meantime.
export const forget = element => etags.delete(element);

const isPoll = ctx => ['every', 'refresh'].includes(ctx.sourceEvent.type);

htmx.registerExtension('json-answers', {
  htmx_config_request(element, { ctx }) {
    const { request } = ctx;
    const renderer = renderers.get(element.getAttribute('data-render'));
    if (ctx.sourceEvent.type === 'every' && !isTime(element, renderer)) return false;
    if (ctx.sourceEvent.type === 'submit' && !check(element)) return false;

    // An order's version stays the same while its hold counts down, so an answer from the browser's cache may be stale.
    request.cache = renderer.keeps(element) ? 'default' : 'no-store';
    request.headers = { Accept: 'application/json' };
    if (request.method === 'GET') {
      tidy(request.body, element, isPoll(ctx));
      if (isPoll(ctx) && etags.has(element)) request.headers['If-None-Match'] = etags.get(element);
    } else {
      request.headers['Idempotency-Key'] = newKey();
      const version = renderer.match(element);
      if (version) request.headers['If-Match'] = version;
    }
    ctx.renderer = renderer;
    // News that nobody waits for may be three seconds old; then fewer polls reach the database.
    const canWait = ctx.sourceEvent.type === 'every' && !renderer.urgent();
    ctx.fetch = (url, options) => send(canWait ? url.replace('/live/', '/live/calm/') : url, options, element, !isPoll(ctx));
    return true;
  },

  // htmx calls this after the customer has answered hx-confirm.
  htmx_before_request(element, { ctx }) {
    if (!isPoll(ctx)) ctx.renderer.before(element, ctx.request);
  },

  htmx_after_request(element, { ctx }) {
    const { response } = ctx;
    const answer = parse(ctx.text);
    const isOver = isAnswered(response.raw);
    ctx.text = '';
    if (!isPoll(ctx)) ctx.renderer.after(element, isOver && response.status < 500);
    // An answer is dropped when the customer has left the screen that asked for it.
    if (isOver && response.status !== 304 && element.isConnected) ctx.text = take(answer, element, ctx) || '';
    if (!ctx.text) ctx.swap = 'none';
  },

  htmx_after_swap(element, { ctx }) {
    ctx.renderer?.settled();
  },
});

// A failed poll is repeated until it is answered, so that the message about the connection goes away. A form is not
// polled before it was submitted, or after its request was refused.
function isTime(element, renderer) {
  const isSent = !(element instanceof HTMLFormElement) || submitted.has(element);
  return isSent && !document.hidden && isDue(element) && (renderer.wanted() || isTroubled(element)) && isTurn(element, renderer);
}

function isTurn(element, renderer) {
  if (!renderer.urgent() && performance.now() < waiting.get(element)) return false;
  waiting.set(element, afterAWhile());
  return true;
}

// Trims the fields and leaves empty ones out. A poll repeats what was last submitted, not what is being typed.
function tidy(body, form, isPoll) {
  const before = isPoll && submitted.get(form);
  const fields = before || [...body].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  for (const name of new Set(body.keys())) body.delete(name);
  for (const [name, value] of fields) body.append(name, value);
  if (form instanceof HTMLFormElement) submitted.set(form, fields);
}

function take(answer, element, { renderer, request, response }) {
  if (response.status >= 300 || !answer) {
    submitted.delete(element);
    return renderer.refused(answer ? inWords(answer) : unreadable(), element);
  }
  if (request.method === 'GET' && response.headers.has('ETag')) etags.set(element, response.headers.get('ETag'));
  return renderer.render(answer, { element, isReplayed: response.headers.has('Idempotency-Replayed') });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const unreadable = () => ({ status: 500, error: 'INTERNAL', message: words('trouble.wrong') });
