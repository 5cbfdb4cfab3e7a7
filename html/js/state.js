// What the page knows that no address says: who is booking, and how the server is set up.

export const settings = {
  reservationTimeoutSeconds: 900, maxSeatsPerOrder: 9, maxPaymentAttempts: 3,
  paymentSimulator: false, paymentFailureRate: 0,
};

// Storage may be forbidden or full; then the page forgets on reload, and that is all.
function remember(storage, key, value) {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, value);
  } catch { /* see above */ }
}

function recall(storage, key) {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
}

export const user = {
  id: recall('localStorage', 'userId') || '',
  set(id) {
    this.id = id;
    remember('localStorage', 'userId', id);
  },
};

// A reservation whose answer never came, kept so that a reload asks again with the same key.
export const unanswered = {
  get: () => JSON.parse(recall('sessionStorage', 'unanswered') || 'null'),
  set: reservation => remember('sessionStorage', 'unanswered', JSON.stringify(reservation)),
  clear: () => remember('sessionStorage', 'unanswered', null),
};

document.addEventListener('input', event => {
  if (event.target.name === 'userId' && event.target.type !== 'hidden') user.set(event.target.value.trim());
});
