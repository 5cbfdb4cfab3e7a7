// SPDX-License-Identifier: MIT
// All jobs that wait, run or have failed, of every order and flight, and what is done to several of them at once.

import { byId, put, render } from './html.js';
import { actionsOn } from './ops-bulk.js';
import { call } from './ops-call.js';
import { makeList } from './ops-list.js';
import { ORDER_ACTIONS } from './ops-order-bulk.js';
import { KINDS, at, isLeased, jobAbout, jobState, kindName, relative, triesOf } from './ops-words.js';
import { onAddress, parameters } from './router.js';

const STATES = { PENDING: 'Waiting or due', RUNNING: 'Running', FAILED: 'Failed' };
const aboutOf = job => [job.orderId, jobAbout(job).flight].filter(Boolean).join(', ');

const columns = [
  { key: 'job', label: 'Job', by: ({ id }) => id, number: true },
  { key: 'kind', label: 'Kind', by: ({ kind }) => kindName(kind) },
  { key: 'state', label: 'State', by: job => jobState(job)[0] },
  { key: 'about', label: 'About', by: aboutOf },
  { key: 'run', label: 'Next run, UTC', by: ({ runAt }) => runAt || '' },
  { key: 'tries', label: 'Tries', by: ({ attempts }) => attempts, text: triesOf, number: true },
  { key: 'error', label: 'Last error', by: ({ lastError }) => lastError || '' },
  { name: 'Sweeper', text: ({ lockedBy }) => lockedBy }, { name: 'Created, UTC', text: ({ createdAt }) => createdAt },
];

const runOf = job => (job.runAt ? `${relative(job.runAt)}, ${at(job.runAt)}` : 'not before it is retried');

const jobView = job => {
  const [state, tone] = jobState(job);
  return { ...job, ...jobAbout(job), name: kindName(job.kind), state, tone, tries: triesOf(job), run: runOf(job) };
};

// ---- several at once -------------------------------------------------------------------------------------

const pathOf = ({ id }) => `/api/admin/jobs/${id}`;
const nameOf = ({ id, kind }) => `${kindName(kind).toLowerCase()} ${id}`;
const running = { why: 'running now; release it on the screen of its order, should its sweeper hang' };
const cancel = ORDER_ACTIONS.find(({ id }) => id === 'cancel');

async function lookAtOrder(job) {
  if (!job.orderId) return { why: 'about no order' };
  const { ok, json } = await call(`/api/admin/orders/${encodeURIComponent(job.orderId)}`);
  return ok ? { order: json, ...await cancel.look(json) } : { why: json.message };
}

const list = makeList({
  name: 'jobs', form: 'find-jobs', url: '/api/admin/jobs', part: 'jobs', one: 'job', row: 'job-', columns, idOf: ({ id }) => String(id),
  draw: (jobs, view) => render('jobs', { ...view, nothing: view.hasMore ? 'None among the next ten thousand.' : 'No jobs match.', canPick: bar.canAct(), jobs: jobs.map(jobView) }),
  chosen: () => bar.paint(),
});
const bar = actionsOn(list, { place: 'chosen-jobs', one: 'job', actions: [{
  id: 'run', label: 'Run now', role: 'operator', nameOf, title: jobs => `Run ${jobs} now?`, needsNoReason: true,
  look: job => (isLeased(job) ? running : { does: job.status === 'FAILED' ? 'at rest; due at once, with fresh tries' : 'waiting; due at once. A timer that fires early is set again' }),
  send: job => ({ url: `${pathOf(job)}/retry` }),
}, {
  id: 'aside', label: 'Set aside', role: 'operator', nameOf, title: jobs => `Set ${jobs} aside?`,
  about: 'They rest until an operator runs them. What an order waits for waits with them: its payment, its refund, its messages. Holds end on time all the same.',
  look: job => (isLeased(job) ? running : job.status === 'FAILED' ? { why: 'at rest already' } : { does: 'waiting; rests from now on' }),
  send: (job, plan, { reason }) => ({ url: `${pathOf(job)}/set-aside`, body: { reason } }),
}, {
  ...cancel, id: 'cancel', label: 'Cancel their orders', nameOf, title: jobs => `Cancel the orders of ${jobs}?`,
  look: lookAtOrder, send: (job, plan, said) => cancel.send(plan.order, plan, said),
}] });

onAddress('jobs', () => {
  const asked = parameters();
  document.title = 'Jobs · Operations';
  list.open();
  const choices = (names, chosen) => Object.entries(names).map(([value, label]) => ({ value, label, isAsked: value === chosen }));
  put(byId('main'), render('view-jobs', {
    orderId: asked.get('orderId'), states: [{ value: '', label: 'Any state' }, ...choices(STATES, asked.get('status'))],
    kinds: [{ value: '', label: 'Any kind' }, ...choices(Object.fromEntries(Object.entries(KINDS).map(([kind, [name]]) => [kind, name])), asked.get('kind'))],
  }), 'innerHTML');
});
