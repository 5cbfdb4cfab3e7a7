// SPDX-License-Identifier: MIT
// Whether somebody is at this page just now: news is for them. A page that was left open in a tab can wait a little.

const ATTENTION_MS = 15000;

let until = performance.now() + ATTENTION_MS;

for (const kind of ['pointermove', 'pointerdown', 'keydown', 'scroll', 'touchstart', 'focus'])
  addEventListener(kind, () => { until = performance.now() + ATTENTION_MS; }, { capture: true, passive: true });

export const isAttended = () => performance.now() < until;

// A poll that can wait is sent every three seconds or so instead of each, and by every page at a moment of its own.
export const afterAWhile = () => performance.now() + 1500 + Math.random() * 2000;
