// SPDX-License-Identifier: MIT
// A cabin that is wider or longer than the screen can be made larger or smaller, and has an overview: the whole of it, as
// small as a stamp, with a frame around what is in sight. A tap there goes there.

import * as cabin from './cabin.js';
import { byId } from './html.js';

const ZOOMS = [0.8, 1, 1.3, 1.7];
const DOT = 3;               // pixels of a seat in the overview
const LONG = 30;             // rows

let zoom = 1;
let isSettled = false;
let isDue = false;           // the frame is to be drawn anew

const colors = () => {
  const style = getComputedStyle(document.documentElement);
  const of = name => style.getPropertyValue(name).trim();
  return { available: of('--strong-line'), selected: of('--accent'), mine: of('--accent'), own: of('--accent'), releasing: of('--accent'), lost: of('--bad') };
};

// Called when another flight is on screen.
export function begin() {
  zoom = 1;
  isSettled = false;
}

const fits = () => byId('cabin-window').scrollWidth <= byId('cabin-window').clientWidth + 1;

// Where all of the width is in sight, the row of letters can stay at the top of the page while it is scrolled.
function settle() {
  isSettled = true;
  const frame = byId('cabin-window');
  frame.style.setProperty('--zoom', zoom);
  frame.toggleAttribute('data-pans', false);
  frame.toggleAttribute('data-pans', !fits());
  byId('zoom-out').setAttribute('aria-disabled', String(zoom === ZOOMS[0]));
  byId('zoom-in').setAttribute('aria-disabled', String(zoom === ZOOMS.at(-1)));
}

export function paint() {
  const canvas = byId('overview');
  if (!canvas || !byId('cabin').offsetWidth) return;
  const { rows, columns } = cabin.size();
  byId('zoom').hidden = false;
  if (!isSettled) settle();
  const isUseful = rows > LONG || byId('cabin-window').hasAttribute('data-pans');
  canvas.hidden = !isUseful;
  if (isUseful) draw(canvas, rows, columns);
}

function draw(canvas, rows, columns) {
  const step = DOT + 1;
  canvas.width = rows * step;
  canvas.height = columns * step;
  const context = canvas.getContext('2d');
  const color = colors();
  cabin.eachCell((id, state, row, column) => {
    context.globalAlpha = color[state] ? 1 : 0.3;
    context.fillStyle = color[state] || color.available;
    context.fillRect(row * step, column * step, DOT, DOT);
  });
  soon();
}

// The part in sight, over the drawing.
function frame() {
  const canvas = byId('overview');
  const mark = byId('overview-frame');
  if (!canvas || canvas.hidden) return;
  const rows = byId('seats').getBoundingClientRect();
  const from = Math.max(0, -rows.top) / rows.height;
  const to = Math.min(1, (innerHeight - rows.top) / rows.height);
  const seen = byId('cabin-window');
  const across = seen.scrollWidth || 1;
  Object.assign(mark.style, {
    left: `${from * 100}%`, width: `${Math.max(0, to - from) * 100}%`,
    top: `${seen.scrollLeft / across * 100}%`, height: `${seen.clientWidth / across * 100}%`,
  });
}

document.addEventListener('click', event => {
  const button = event.target.closest?.('#zoom-in, #zoom-out');
  if (button) {
    const at = ZOOMS.indexOf(zoom) + (button.id === 'zoom-in' ? 1 : -1);
    zoom = ZOOMS[Math.min(Math.max(at, 0), ZOOMS.length - 1)];
    isSettled = false;
    paint();
  }
  if (!event.target.closest?.('#overview-place')) return;
  const { left, top, width, height } = byId('overview').getBoundingClientRect();
  const rows = byId('seats').getBoundingClientRect();
  const seen = byId('cabin-window');
  scrollTo({ top: scrollY + rows.top + rows.height * (event.clientX - left) / width - innerHeight / 2 });
  seen.scrollLeft = seen.scrollWidth * (event.clientY - top) / height - seen.clientWidth / 2;
});

function soon() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => { isDue = false; frame(); });
}
addEventListener('scroll', soon, { passive: true, capture: true });
addEventListener('resize', () => {
  isSettled = false;
  if (byId('overview')) paint();
});
