// SPDX-License-Identifier: MIT
// The language and the colors, chosen by hand. early.js reads what is remembered here.

import { recall, remember } from './store.js';
import './words.js';

const [place, language, colors] = ['settings', 'language', 'colors'].map(id => document.getElementById(id));

language.value = document.documentElement.lang.split('-')[0];
colors.value = ['light', 'dark'].find(each => each === recall('localStorage', 'colors')) || '';

// All that is on screen is in the address, so a reload shows the same in other words.
language.addEventListener('change', () => {
  remember('localStorage', 'language', language.value);
  location.reload();
});

colors.addEventListener('change', () => {
  remember('localStorage', 'colors', colors.value || null);
  dispatchEvent(new CustomEvent('colors', { detail: colors.value }));
});

document.addEventListener('click', ({ target }) => {
  if (!place.contains(target)) place.open = false;
});

place.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape' || !place.open) return;
  place.open = false;
  place.querySelector('summary').focus();
});
