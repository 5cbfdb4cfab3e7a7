// SPDX-License-Identifier: MIT
// Sends requests to a server that may be unreachable for a while.
//
// A request that failed for a temporary reason (no connection, 429, 502–504) is sent again, with the same
// Idempotency-Key, for as long as the customer can be assumed to wait. A poll is simply repeated at growing intervals.
// Meanwhile a line at the top says what the trouble is.

import { byId } from './html.js';
import { say } from './say.js';
import { words } from './words.js';

const PASSING = new Set([429, 502, 503, 504]);
const PATIENCE_MS = 15000;
const LONGEST_WAIT_MS = 5000;
const GIVE_UP_MS = 120000;

const troubles = new Map();   // element that sent the request → { kind, failures, until }
const given = new WeakSet();  // final answers: no further attempt follows

export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

// Tells whether this poll may be sent, or is still waiting after a failure.
export const isDue = source => !(troubles.get(source)?.until > performance.now());
export const isTroubled = source => troubles.has(source);

// `again` is true for a request that a customer waits for. A change is not repeated forever: if it was asked for
// minutes ago, or before the computer slept, the customer may no longer want it.
export async function send(url, request, source, again) {
  const asked = Date.now();
  for (;;) {
    const answer = await once(url, request);
    if (!isPassing(answer) || await isAboutThem(answer)) return last(source, answer);
    const wait = trouble(source, answer, again);
    if (!again) return answer;
    await pause(wait, request.signal);
    if (!source.isConnected) return last(source, answer);
    if (request.method !== 'GET' && Date.now() - asked > GIVE_UP_MS) return last(source, answer);
  }
}

function last(source, answer) {
  settle(source);
  given.add(answer);
  return answer;
}

// AbortSignal.any() and timeout() are newer than some browsers that are still in use.
async function once(url, request) {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, request.patience || PATIENCE_MS);
  request.signal.addEventListener('abort', abort);
  if (request.signal.aborted) abort();
  try {
    return await fetch(url, { ...request, signal: stop.signal });
  } catch (error) {
    if (request.signal.aborted) throw error;
    return unreachable();
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', abort);
  }
}

function unreachable() {
  const problem = { status: 503, error: 'UNREACHABLE', message: words('trouble.unreached') };
  return new Response(JSON.stringify(problem), { status: 503, headers: { 'Content-Type': 'application/problem+json' } });
}

// A 409 with Retry-After means that an earlier request with the same key is still being processed.
const isPassing = answer => PASSING.has(answer.status) || (answer.status === 409 && answer.headers.has('Retry-After'));
export const isAnswered = answer => given.has(answer) || !isPassing(answer);

// A 429 that names a field is not about a crowd: waiting does not help, and the customer has to do something first.
async function isAboutThem(answer) {
  if (answer.status !== 429) return false;
  const problem = await answer.clone().json().catch(() => null);
  return Boolean(problem?.field);
}

function trouble(source, answer, again) {
  const failures = (troubles.get(source)?.failures || 0) + 1;
  const asked = Number(answer.headers.get('Retry-After')) * 1000 || 0;
  const wait = Math.max(Math.min(500 * 2 ** failures, LONGEST_WAIT_MS), Math.min(asked, 30000)) * (0.9 + Math.random() / 5);
  troubles.set(source, { kind: answer.status === 429 ? 'busy' : 'away', failures, until: performance.now() + wait });
  // A single failed poll is not worth a message.
  if (again || failures > 1) tell();
  return wait;
}

export function settle(source) {
  if (troubles.delete(source) || troubles.size) tell();
}

// Waits, but no longer than until the connection is back or the request is aborted.
function pause(ms, signal) {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}

// A hold keeps running in the meantime, so none of these messages promises that nothing is lost.
const WORDS = { offline: 'trouble.offline', busy: 'trouble.busy', away: 'trouble.away' };

function tell() {
  for (const source of troubles.keys()) if (!source.isConnected) troubles.delete(source);
  const kinds = [...troubles.values()].map(({ kind }) => kind);
  const kind = !navigator.onLine ? 'offline' : kinds.includes('away') ? 'away' : kinds[0];
  const line = byId('trouble');
  const text = kind ? words(WORDS[kind]) : '';
  if (line.textContent === text) return;
  if (!text) say(words('trouble.over'));
  line.textContent = text;
}

function retryNow() {
  for (const entry of troubles.values()) entry.until = 0;
  tell();
}

addEventListener('online', retryNow);
addEventListener('offline', tell);
document.addEventListener('visibilitychange', retryNow);
