// SPDX-License-Identifier: MIT
// What this browser keeps for the page. Storage may be forbidden or full; then the page forgets on reload, and that is
// all.

export function remember(storage, key, value) {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, value);
  } catch { /* see above */ }
}

// What is found there may be anything: another program's, an older version's, half of it.
export function recall(storage, key) {
  try {
    return window[storage].getItem(key) || '';
  } catch {
    return '';
  }
}
