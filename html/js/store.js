// SPDX-License-Identifier: MIT
// Stores values in this browser. Storage may be forbidden or full; then the page merely forgets them on reload.

export function remember(storage, key, value) {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, value);
  } catch { /* see above */ }
}

// The value may be anything: another program's, an older version's, or only half of one.
export function recall(storage, key) {
  try {
    return window[storage].getItem(key) || '';
  } catch {
    return '';
  }
}
