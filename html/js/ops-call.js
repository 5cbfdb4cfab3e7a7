// SPDX-License-Identifier: MIT
// Requests that the console sends by itself, one after the other, where no element of the page stands for each.

import { newKey } from './net.js';
import { credentials } from './ops-access.js';

const PASSING = new Set([429, 502, 503, 504]);
const TRIES = 6;
const LONGEST_WAIT_MS = 10000;

const pause = ms => new Promise(resolve => { setTimeout(resolve, ms); });

// Returns { ok, status, json }, where json is the answer or the problem. What fails for a while is tried again, a change
// under the same key, so that it is made once.
export async function call(url, { method = 'GET', body, match } = {}) {
  const headers = { ...credentials(), Accept: 'application/json' };
  if (method !== 'GET') headers['Idempotency-Key'] = newKey();
  if (body) headers['Content-Type'] = 'application/json';
  if (match) headers['If-Match'] = match;
  for (let tried = 1; ; tried++) {
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body), cache: 'no-store' }).catch(() => null);
    const isPassing = !answer || PASSING.has(answer.status) || (answer.status === 409 && answer.headers.has('Retry-After'));
    if (!isPassing || tried === TRIES) return read(answer);
    await pause(Math.min(Number(answer?.headers.get('Retry-After')) * 1000 || 300 * 2 ** tried, LONGEST_WAIT_MS));
  }
}

async function read(answer) {
  const json = await answer?.json().catch(() => null);
  return { ok: Boolean(answer?.ok && json), status: answer?.status || 0, json: json || { message: 'The service could not be reached.' } };
}
