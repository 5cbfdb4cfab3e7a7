// SPDX-License-Identifier: MIT
// Says beside a seat what it is: when the pointer is over it, when it has the focus, when it is tapped. Screen readers have
// the same as its name. Escape puts it away, and so does whatever moves the cabin.

import * as cabin from './cabin.js';
import { byId } from './html.js';

const ROOM_PX = 8;

let shown = null;

function show(seat) {
  const place = byId('seat-detail');
  if (!place || !seat) return hide();
  shown = seat.dataset.seat;
  place.textContent = cabin.describe(shown);
  place.hidden = false;
  // Nothing is beside it that would make it narrower.
  place.style.left = 0;
  const frame = place.offsetParent.getBoundingClientRect();
  const { left, top, bottom, width } = seat.getBoundingClientRect();
  const x = left + width / 2 - frame.left - place.offsetWidth / 2;
  const above = top - frame.top - place.offsetHeight - ROOM_PX;
  place.style.left = `${Math.min(Math.max(x, ROOM_PX), frame.width - place.offsetWidth - ROOM_PX)}px`;
  place.style.top = `${above > 0 ? above : bottom - frame.top + ROOM_PX}px`;
  return null;
}

function hide() {
  shown = null;
  const place = byId('seat-detail');
  if (place) place.hidden = true;
}

const seatOf = target => target.closest?.('#seats [data-seat]');

document.addEventListener('pointerover', ({ target, pointerType }) => {
  if (pointerType !== 'mouse') return;
  const seat = seatOf(target);
  if (seat) show(seat);
  else if (shown) hide();
});
document.addEventListener('focusin', ({ target }) => show(seatOf(target)));
// A seat's state may have changed under the same pointer.
document.addEventListener('click', ({ target }) => {
  if (seatOf(target)) requestAnimationFrame(() => show(byId(seatOf(target).id)));
});
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape' && shown) hide();
});
addEventListener('resize', hide);
