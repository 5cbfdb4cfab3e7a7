// SPDX-License-Identifier: MIT
// Actions on several things at once. First each is looked at, and it is said what will be done to how many, what cannot be
// done and why. Then a reason is asked for, once, and one request is sent for each, one after the other: what fails is
// listed, and the rest goes on. Nothing more is sent after "Stop".

import { listed, money, plural } from './format.js';
import { byId, put, render } from './html.js';
import { may, tell } from './ops-access.js';
import { call } from './ops-call.js';

const NAMES_SHOWN = 20;

const acts = new Map();      // by the id of its button: { list, action, one }
let run = null;              // { plans, isStopped } of what is in the dialog

// An action: { id, label, role, title(count), nameOf(item), about, fields(), look(item), send(item, plan, said) }. look() tells
// { does, amount: { cents, currency } } or { why }; send() makes the request of that, with what was said in the fields.
//
// Shows at this place which actions there are for what is chosen in the list.
export function actionsOn(list, { place, one, actions }) {
  for (const action of actions) acts.set(`${place}-${action.id}`, { list, action, one });
  const mine = () => actions.filter(({ role }) => may[role]);
  return {
    canAct: () => mine().length > 0,
    paint() {
      const bar = byId(place);
      if (!bar) return;
      const count = list.picked().length;
      bar.hidden = !count;
      put(bar, count ? render('chosen', { count: plural(count, one), place, first: `${place}-${actions[0].id}`, actions: mine().map(({ id, label }) => ({ id, label })) }) : '');
    },
  };
}

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('button[data-act], button[data-choose-none]');
  if (!button) return;
  if (button.dataset.chooseNone !== undefined) {
    acts.get(button.dataset.chooseNone).list.choose([]);
    return;
  }
  const { list, action, one } = acts.get(button.dataset.act);
  preview({ action, one, items: list.picked(), done: () => { list.choose([]); list.refresh(); } });
});

// ---- what it will do -------------------------------------------------------------------------------------

export async function preview({ action, one, items, done }) {
  const mine = run = { action, one, done, plans: [], isStopped: false };
  show({ title: action.title(plural(items.length, one)), isLooking: true });
  byId('bulk').showModal();
  for (const item of items) {
    mine.plans.push({ item, name: action.nameOf(item), ...await action.look(item) });
    if (mine.isStopped) return;
  }
  show(previewView(mine));
  byId('bulk').querySelector('input')?.focus();
}

function previewView({ action, one, plans }) {
  const able = plans.filter(({ why }) => !why);
  return {
    title: action.title(plural(able.length, one)), about: action.about, fields: action.fields?.() || [], isAsking: able.length > 0, asksReason: !action.needsNoReason, isVain: !able.length,
    does: groups(able, 'does').map(([does, some]) => ({ text: `${plural(some.length, one)}: ${does}`, amount: amountOf(some) })),
    cannot: groups(plans.filter(({ why }) => why), 'why').map(([why, some]) => ({ text: `${plural(some.length, one)} cannot: ${why}`, names: namesOf(some) })),
    yes: `${action.label}: ${plural(able.length, one)}`,
  };
}

function groups(plans, by) {
  const found = new Map();
  for (const plan of plans) found.set(plan[by], [...(found.get(plan[by]) || []), plan]);
  return [...found];
}

function amountOf(plans) {
  const sums = new Map();
  for (const { amount } of plans) if (amount) sums.set(amount.currency, (sums.get(amount.currency) || 0) + amount.cents);
  return sums.size ? `${listed([...sums].map(([currency, cents]) => money(cents, currency)))} in all.` : '';
}

const namesOf = plans => `${plans.slice(0, NAMES_SHOWN).map(({ name }) => name).join(', ')}${plans.length > NAMES_SHOWN ? ` and ${plans.length - NAMES_SHOWN} more` : ''}`;

const show = view => put(byId('bulk'), render('bulk', view), 'innerHTML');

// ---- doing it --------------------------------------------------------------------------------------------

function read(form) {
  const said = Object.fromEntries([...new FormData(form)].map(([name, text]) => [name, text.trim()]));
  for (const field of form.elements) {
    const line = field.name && byId(`bulk-${field.name}-error`);
    if (!line) continue;
    line.textContent = said[field.name] ? '' : field.dataset.missing;
    field.setAttribute('aria-invalid', String(!said[field.name]));
  }
  const wrong = form.querySelector('[aria-invalid="true"]');
  wrong?.focus();
  return wrong ? null : said;
}

document.addEventListener('submit', event => {
  if (event.target.id !== 'bulk-form') return;
  event.preventDefault();
  const said = read(event.target);
  if (said) doIt(run, said);
});

async function doIt(mine, said) {
  const able = mine.plans.filter(({ why }) => !why);
  const failed = [];
  let count = 0;
  const paint = more => show({ title: mine.action.title(plural(able.length, mine.one)), isRunning: true, count, most: able.length, failed, anyFailed: failed.length > 0, ...more });
  for (const plan of able) {
    paint({});
    const { url, ...request } = mine.action.send(plan.item, plan, said);
    const { ok, json } = await call(url, { method: 'POST', ...request });
    if (!ok) failed.push({ name: plan.name, message: json.message });
    count++;
    if (mine.isStopped) break;
  }
  const left = able.length - count;
  paint({
    isRunning: false, isOver: true,
    outcome: [`${plural(count - failed.length, mine.one)} done`, failed.length && `${failed.length} failed`, left && `${left} not begun`].filter(Boolean).join(', '),
  });
  byId('bulk').querySelector('button')?.focus();
  mine.done();
  tell(`${mine.action.label}: ${plural(count - failed.length, mine.one)} done${failed.length ? `, ${failed.length} failed` : ''}.`, failed.length ? 'bad' : 'good');
}

document.addEventListener('click', ({ target }) => {
  if (target.id === 'bulk-close') byId('bulk').close();
  if (target.id === 'bulk-stop') run.isStopped = true;
});

// Escape stops it, too: what is under way is finished, and its outcome is told above the list.
byId('bulk').addEventListener('close', () => { run.isStopped = true; });
