// SPDX-License-Identifier: MIT
// The htmx extension that lets a static page use a JSON API.
//
// hx-render="name" on an element: the JSON that answers its request goes to the function registered under
// that name, and the HTML that returns is swapped in (null: nothing is). Beside that it gives each request
// what the API likes to have: an Idempotency-Key, If-Match, If-None-Match.

import htmx from '../vendor/htmx.js';
import { check } from './forms.js';
import { isAnswered, isDue, isTroubled, newKey, send } from './net.js';

const renderers = new Map();
const etags = new WeakMap();
const submitted = new WeakMap();   // form → what it was last sent with
const nothing = () => {};

// wanted     is a poll worth sending?
// match      the If-Match of a change
// before     a request that is no poll is about to be sent
// after      it has been answered, or given up; with whether what became of it is known
// refused    with the problem document of a refusal
// settled    what was rendered is on the page
export function onAnswer(name, render, more = {}) {
  renderers.set(name, { render, wanted: () => true, match: nothing, before: nothing, after: nothing, refused: nothing, settled: nothing, ...more });
}

// The next answer is to come in full: the clock may have stood still meanwhile.
export const forget = element => etags.delete(element);

const isPoll = ctx => ['every', 'refresh'].includes(ctx.sourceEvent.type);

htmx.registerExtension('json-answers', {
  htmx_config_request(element, { ctx }) {
    const { request } = ctx;
    const renderer = renderers.get(element.getAttribute('hx-render'));
    if (ctx.sourceEvent.type === 'every' && !isTime(element, renderer)) return false;
    if (ctx.sourceEvent.type === 'submit' && !check(element)) return false;

    // An order's version stays the same while its time runs, so an answer from the browser's cache would be late.
    request.cache = 'no-store';
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
    ctx.fetch = (url, options) => send(url, options, element, !isPoll(ctx));
    return true;
  },

  // This comes after the question of hx-confirm.
  htmx_before_request(element, { ctx }) {
    if (!isPoll(ctx)) ctx.renderer.before(element, ctx.request);
  },

  htmx_after_request(element, { ctx }) {
    const { response } = ctx;
    const answer = parse(ctx.text);
    const isOver = isAnswered(response.raw);
    ctx.text = '';
    if (!isPoll(ctx)) ctx.renderer.after(element, isOver && response.status < 500);
    // What a screen asked for that was left since is nobody's business.
    if (isOver && response.status !== 304 && element.isConnected) ctx.text = take(answer, element, ctx) || '';
    if (!ctx.text) ctx.swap = 'none';
  },

  htmx_after_swap(element, { ctx }) {
    ctx.renderer?.settled();
  },
});

// A poll that failed comes round until it is answered, so that what was said about the connection is taken back. A form
// that nothing was found by, or that was not sent yet, is not asked about.
function isTime(element, renderer) {
  const isSent = !(element instanceof HTMLFormElement) || submitted.has(element);
  return isSent && !document.hidden && isDue(element) && (renderer.wanted() || isTroubled(element));
}

// Blanks around what is looked for mean nothing. What is being typed is not asked for before it is submitted.
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
    return renderer.refused(answer || UNREADABLE, element);
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

const UNREADABLE = { status: 500, error: 'INTERNAL', message: 'Something went wrong on our side. Please try again.' };
