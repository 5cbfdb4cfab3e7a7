// SPDX-License-Identifier: MIT
// Counts a hold down. Each answer of the server tells how much time is left; from then on the browser's monotonic clock
// counts. So a wall clock that is wrong, is corrected or changes to summer time makes no difference, and a tab that
// slept in the background is right as soon as it wakes.

const STEP_MS = 200;
const GAP_MS = 5000;
const DRIFT_MS = 1500;

let endsAt = null;          // on the clock of performance.now()
let total = 0;
let last = readings();

const listeners = { tick: () => {}, gap: () => {} };

// tick   is called with the seconds that are left, and whether the page is visible
// gap    is called when the count cannot be relied on and the server should be asked
export function onClock(tick, gap) {
  listeners.tick = tick;
  listeners.gap = gap;
}

export function start(order) {
  const now = Date.parse(order.serverTime);
  endsAt = order.expiresAt ? performance.now() + Date.parse(order.expiresAt) - now : null;
  total = Math.round((Date.parse(order.expiresAt) - Date.parse(order.reservedAt)) / 1000) || 0;
}

export function stop() {
  endsAt = null;
}

// The whole seconds that were left when the server answered.
export const whole = order => Math.round((Date.parse(order.expiresAt) - Date.parse(order.serverTime)) / 1000);

export const isRunning = () => endsAt !== null;
export const left = () => Math.max(0, Math.floor((endsAt - performance.now()) / 1000));
export const isOver = () => isRunning() && performance.now() >= endsAt;
export const holdSeconds = () => total;

function readings() {
  return { counted: performance.now(), wall: Date.now() };
}

// Either the page did not run for a while, or the computer slept and its monotonic clock stopped, as it does on some
// systems, while the wall clock went on. (If the wall clock was merely corrected, asking the server does no harm.)
function isGap(now) {
  const counted = now.counted - last.counted;
  return counted > GAP_MS || Math.abs(now.wall - last.wall - counted) > DRIFT_MS;
}

setInterval(() => {
  const now = readings();
  if (isGap(now)) listeners.gap();
  last = now;
  if (isRunning()) listeners.tick(left(), !document.hidden);
}, STEP_MS);
