// SPDX-License-Identifier: MIT
// The token of one order, for whoever found a booking by its reference. It is sent with requests about that order alone,
// and this tab forgets it when it is closed.

import htmx from '../vendor/htmx.js';
import './answers.js';
import { recall, remember } from './store.js';

const KEY = 'orderKey';

function parse(text) {
  try {
    const { orderId, token } = Object(JSON.parse(text));
    return [orderId, token].every(part => /^[\x21-\x7e]+$/.test(part)) ? { orderId, token } : null;
  } catch {
    return null;
  }
}

let key = parse(recall('sessionStorage', KEY));

export function keepKey({ orderId, token }) {
  key = { orderId, token };
  remember('sessionStorage', KEY, JSON.stringify(key));
}

export function dropKey() {
  key = null;
  remember('sessionStorage', KEY, null);
}

export const hasKey = orderId => key?.orderId === orderId;

// What a request about this order has to send along.
export const credentials = orderId => (hasKey(orderId) ? { Authorization: `Bearer ${key.token}` } : {});

// Registered after answers.js, which sets a request's headers first.
htmx.registerExtension('order-key', {
  htmx_config_request(element, { ctx: { request } }) {
    const [, orderId] = /^\/api\/orders\/([^/?]+)/.exec(request.action) || [];
    if (orderId && request.headers) Object.assign(request.headers, credentials(decodeURIComponent(orderId)));
    return true;
  },
});
