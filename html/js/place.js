// SPDX-License-Identifier: MIT
// Where a screen was scrolled to, and what had the focus. The browser's history keeps it with the address, so that
// Back, Forward and a reload lead to the place that was left, also in lists that are only being loaded.

const LONGEST_MS = 10000;    // a list that has not come by then is not waited for
const GESTURES = ['wheel', 'touchstart', 'pointerdown', 'keydown'];

let returning = null;        // { y, focus, growth, timer } while the screen is on its way back
let scrolled = 0;

history.scrollRestoration = 'manual';

const focused = () => document.activeElement?.closest('#main [id]')?.id;

export function keepPlace() {
  clearTimeout(scrolled);
  if (returning) return;
  try {
    history.replaceState({ y: Math.round(scrollY), focus: focused() }, '');
  } catch { /* then the screen begins at its top */ }
}

// What is still known belongs to the place that is left.
export function newPlace() {
  stop();
  clearTimeout(scrolled);
}

function stop() {
  if (!returning) return;
  returning.growth.disconnect();
  clearTimeout(returning.timer);
  for (const gesture of GESTURES) removeEventListener(gesture, stop, true);
  returning = null;
}

// The screen is painted again in parts; as soon as it is long enough, it stands where it stood.
export function bringBack() {
  newPlace();
  const { y = 0, focus } = Object(history.state);
  returning = { y, focus, growth: new ResizeObserver(arrive), timer: setTimeout(stop, LONGEST_MS) };
  returning.growth.observe(document.getElementById('main'));
  for (const gesture of GESTURES) addEventListener(gesture, stop, { capture: true, passive: true });
}

function arrive() {
  const { y, focus } = returning;
  if (document.documentElement.scrollHeight - innerHeight < y) return;
  scrollTo(0, y);
  const place = focus && document.getElementById(focus);
  if (focus && !place) return;
  stop();
  if (!place || focused()) return;
  (place.matches('a, button, input, [tabindex]') ? place : place.querySelector('a, button'))?.focus({ preventScroll: true });
}

addEventListener('scroll', () => {
  clearTimeout(scrolled);
  scrolled = setTimeout(keepPlace, 100);
}, { passive: true });
addEventListener('pagehide', keepPlace);
