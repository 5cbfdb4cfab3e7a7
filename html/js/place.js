// SPDX-License-Identifier: MIT
// Keeps each screen's scroll position and focus in the browser's history, so that Back, Forward and a reload return to
// the place that was left, even in lists that are still loading.

const LONGEST_MS = 10000;    // if a list has not loaded by then, the page stops waiting for it
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

// Stops what is still under way for the place that is being left.
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

// The screen is painted again in parts. As soon as it is long enough, it is scrolled to where it was.
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
