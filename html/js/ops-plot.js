// SPDX-License-Identifier: MIT
// A plot of 24 hours as bars, in SVG. A table with the same numbers stands beside it.

const WIDTH = 480;
const HEIGHT = 170;
const LEFT = 56;             // room for the numbers of the lines
const TOP = 10;
const BOTTOM = 22;           // room for the hours
const STEP = (WIDTH - LEFT) / 24;
const floor = HEIGHT - BOTTOM;

// 1, 2 or 5 and noughts: the lowest of them that is not below the number.
function roundUp(number) {
  const power = 10 ** Math.floor(Math.log10(number));
  return [1, 2, 5, 10].map(each => each * power).find(each => each >= number);
}

// `values` has a number for each hour, or null where there is nothing to say; `inWords` writes one. `most` is where the
// scale ends, if that does not depend on the values, and `onScale` writes its numbers, if they are to be shorter.
export function plotView({ title, values, inWords, onScale = inWords, tone = '', most }) {
  const top = most || roundUp(Math.max(...values, 1));
  const y = value => floor - (floor - TOP) * (value / top);
  const highest = values.indexOf(Math.max(...values));
  return {
    title, tone, width: WIDTH, height: HEIGHT,
    inWords: values.some(Boolean) ? `${title}: most at ${hourOf(highest)}, ${inWords(values[highest])}. The table below has all hours.` : `${title}: nothing on this day.`,
    lines: [0, top].map(value => ({ d: `M${LEFT} ${y(value)}H${WIDTH}`, x: LEFT - 6, y: y(value) + 4, label: onScale(value) })),
    bars: values.map((value, hour) => ({ d: barAt(LEFT + hour * STEP, y(value || 0)), label: `${hourOf(hour)}: ${value === null ? 'nothing' : inWords(value)}` })),
    marks: [0, 6, 12, 18].map(hour => ({ x: LEFT + (hour + 0.5) * STEP, y: HEIGHT - 5, label: hourOf(hour) })),
  };
}

const barAt = (x, top) => `M${(x + 2).toFixed(1)} ${floor}V${top.toFixed(1)}H${(x + STEP - 2).toFixed(1)}V${floor}Z`;
export const hourOf = hour => `${String(hour).padStart(2, '0')}:00`;
