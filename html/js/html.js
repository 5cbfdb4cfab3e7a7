// SPDX-License-Identifier: MIT
// Turns data into HTML with the page's mustache templates, and puts it on the page by morphing, so that the focus, the
// scroll position and the fields being typed in stay as they are.

import htmx from '../vendor/htmx.js';
import '../vendor/mustache.js';
import { hasWords, phrase } from './words.js';

const sources = new Map();

// A partial with a dot in its name is a word of words/en.js.
function source(name) {
  if (hasWords(name)) return phrase(name);
  if (!sources.has(name)) {
    const element = document.querySelector(`template[data-name="${name}"]`);
    // Serialized HTML escapes the > of a partial.
    sources.set(name, element.innerHTML.trim().replaceAll('{{&gt;', '{{>'));
  }
  return sources.get(name);
}

export const render = (name, data) => window.Mustache.render(source(name), data, source);

export function put(target, html, swap = 'innerMorph') {
  htmx.swap({ text: html, target, sourceElement: target, swap });
}

export const byId = id => document.getElementById(id);

// Focuses a new screen's heading, so that screen readers begin there, or its container while the heading still loads.
export function focusHeading(within) {
  (within.querySelector('h1, h2') || within).focus();
}
