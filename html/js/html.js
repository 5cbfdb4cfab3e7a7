// SPDX-License-Identifier: MIT
// Turns data into HTML with the mustache templates of index.html, and puts it on the page by morphing,
// so that focus, scroll position and what somebody is typing stay as they are.

import htmx from '../vendor/htmx.js';
import Mustache from '../vendor/mustache.js';

const sources = new Map();

function source(name) {
  if (!sources.has(name)) {
    const element = document.querySelector(`template[data-name="${name}"]`);
    // Serialised HTML escapes the > of a partial.
    sources.set(name, element.innerHTML.trim().replaceAll('{{&gt;', '{{>'));
  }
  return sources.get(name);
}

export const render = (name, data) => Mustache.render(source(name), data, source);

export function put(target, html, swap = 'innerMorph') {
  htmx.swap({ text: html, target, sourceElement: target, swap });
}

export const byId = id => document.getElementById(id);

// A new screen begins with its heading, for those who hear it; while it loads, with the place it will be in.
export function focusHeading(within) {
  (within.querySelector('h1, h2') || within).focus();
}
