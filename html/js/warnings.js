// SPDX-License-Identifier: MIT
// Updates the countdowns on screen and in the title, and warns before the hold ends.

import { refresh } from './booking.js';
import * as clock from './clock.js';
import { minutesAndSeconds } from './format.js';
import { it, phase } from './model.js';
import { say } from './say.js';
import { paintPanel, paintTitle, warningText } from './screen.js';

const MARKS = [120, 30];     // seconds

clock.onClock((seconds, isSeen) => {
  if (it.flight && phase() === 'held') paintTitle();
  if (isSeen) show(seconds);
}, refresh);

function show(seconds) {
  const text = minutesAndSeconds(seconds);
  for (const element of document.querySelectorAll('[data-countdown]')) {
    if (element.textContent !== text) element.textContent = text;
  }
  if (clock.isOver() && phase() === 'held' && !it.isOver) {
    it.isOver = true;
    paintPanel();
  }
  // A mark that is not below the hold's full length gives no warning.
  const passed = MARKS.filter(mark => seconds <= mark && mark < clock.holdSeconds()).at(-1);
  if (!passed || passed === it.warned || !seconds || phase() !== 'held') return;
  it.warned = passed;
  say(warningText(), passed === 30 ? 'assertive' : 'polite');
  paintPanel();
}
