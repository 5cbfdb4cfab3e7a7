// Counts a hold down. The server says how much is left when it answers; from there on the browser's
// monotonic clock counts, so a wrong, a corrected or a summer-time clock on the wall changes nothing, and a
// tab that slept in the background is right as soon as it wakes.

let endsAt = null;          // on the clock of performance.now()
let total = 0;
let lastTick = performance.now();

const listeners = { tick: () => {}, gap: () => {} };

export function onClock(tick, gap) {
  listeners.tick = tick;
  listeners.gap = gap;
}

export function start(order) {
  const expires = Date.parse(order.expiresAt);
  endsAt = order.expiresAt ? performance.now() + expires - Date.parse(order.serverTime) : null;
  total = Math.round((expires - Date.parse(order.reservedAt)) / 1000) || 0;
}

export function stop() {
  endsAt = null;
}

export const isRunning = () => endsAt !== null;
export const left = () => Math.max(0, Math.floor((endsAt - performance.now()) / 1000));
export const holdSeconds = () => total;

setInterval(() => {
  const now = performance.now();
  // The computer slept, and its clock may have with it: ask.
  if (now - lastTick > 5000) listeners.gap();
  lastTick = now;
  if (isRunning() && !document.hidden) listeners.tick(left());
}, 200);
