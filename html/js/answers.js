// The htmx extension that lets a static page use a JSON API.
//
// hx-render="name" on an element: the JSON that answers its request goes to the function registered under
// that name, and the HTML that returns is swapped in (null: nothing is). Beside that it gives each request
// what the API likes to have: an Idempotency-Key, If-Match, If-None-Match.

import htmx from '../vendor/htmx.js';
import { isDue, isPassing, isTroubled, newKey, send } from './net.js';
import { check } from './forms.js';

const renderers = new Map();
const etags = new WeakMap();
const nothing = () => {};

// wanted     is a poll worth sending?
// match      the If-Match of a change
// before     a request that is no poll is about to be sent
// after      it has been answered, or given up
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
      for (const [name, value] of [...request.body]) if (!value.trim()) request.body.delete(name);
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
    ctx.text = '';
    const isAnswered = !isPassing(response);
    if (!isPoll(ctx)) ctx.renderer.after(element, isAnswered);
    // What a screen asked for that was left since is nobody's business.
    if (isAnswered && response.status !== 304 && element.isConnected) ctx.text = take(answer, element, ctx) || '';
    if (!ctx.text) ctx.swap = 'none';
  },

  htmx_after_swap(element, { ctx }) {
    ctx.renderer?.settled();
  },
});

// A poll that failed comes round until it is answered, so that what was said about the connection is taken back.
function isTime(element, renderer) {
  return !document.hidden && isDue(element) && (renderer.wanted() || isTroubled(element));
}

function take(answer, element, { renderer, request, response }) {
  if (response.status >= 300 || !answer) return renderer.refused(answer || UNREADABLE, element);
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
