// SPDX-License-Identifier: MIT
// One order: its facts, what happens next, and its whole history.

import htmx from '../vendor/htmx.js';
import { byId, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { save } from './ops-ask.js';
import { RELEASE, at, eventView, isLeased, jobState, kindName, next, orderView, relative, serverTime, triesOf } from './ops-words.js';
import { forgetActs, onDone, paintActs, personsOf, refundView } from './ops-order-acts.js';
import { canCancelSold } from './ops-order-cancel.js';
import { missing, onAddress } from './router.js';

const it = {};   // the last known order, jobs, events, queue

onAddress('order', orderId => {
  document.title = 'Order · Operations';
  Object.assign(it, { order: null, jobs: null, events: null, queue: null, refunds: [] });
  put(byId('main'), render('view-order', { orderId, key: encodeURIComponent(orderId) }), 'innerHTML');
  forgetActs();
  // The relative times change even when the data does not.
  const ticking = setInterval(paint, 1000);
  return () => clearInterval(ticking);
});

onOperator('ops-order', order => {
  serverTime(order.serverTime);
  heard({ order });
}, {
  refused: ({ status, message }) => (status === 404 ? missing('No such order', message) : tell(message, 'bad')),
});
onOperator('ops-order-jobs', ({ jobs }) => heard({ jobs }));
onOperator('ops-order-events', ({ events }) => heard({ events }), { refused: () => {} });
onOperator('ops-order-refunds', ({ refunds }) => heard({ refunds }), { refused: () => {} });
onOperator('ops-order-queue', queue => heard({ queue }));

function heard(news) {
  Object.assign(it, news);
  paint();
}

// All that the API tells of the order now, as a file.
document.addEventListener('click', ({ target }) => {
  if (target.id !== 'save-history') return;
  const { order, jobs, events, refunds } = it;
  save(`order-${order.orderId}.json`, 'application/json', `${JSON.stringify({ order, events, jobs, refunds }, null, 2)}\n`);
});

function askAgain() {
  for (const place of ['ask-order', 'ask-jobs', 'ask-events', 'ask-refunds']) htmx.trigger(byId(place), 'refresh');
}

onOperator('ops-cancelled', () => {
  tell('The order is cancelled; its seats are free.');
  askAgain();
});

onDone(askAgain);

function jobView(job) {
  const [state, tone] = jobState(job);
  const leased = isLeased(job);
  return {
    ...job, name: kindName(job.kind), state, tone, tries: triesOf(job), releaseText: RELEASE,
    runLabel: leased ? 'Lease ends' : 'Next run',
    run: job.runAt ? `${relative(job.runAt)}, ${at(job.runAt)} UTC` : 'not before an operator retries it',
    canRelease: leased, canRetry: !leased, canRest: !leased && job.status !== 'FAILED', retryLabel: job.status === 'FAILED' ? 'Retry' : 'Run now',
  };
}

function paint() {
  if (!byId('order') || !it.order || !it.jobs || !it.events) return;
  const { order, jobs, events, queue, refunds } = it;
  paintActs(order);
  put(byId('order'), render('order', {
    ...orderView(order),
    expires: order.expiresAt ? `${relative(order.expiresAt)}, ${at(order.expiresAt)} UTC` : 'no timer runs',
    userUrl: `/ops?orders&userId=${encodeURIComponent(order.userId)}`,
    changed: `${relative(order.updatedAt)}, ${at(order.updatedAt)} UTC`, auditUrl: `/ops?audit&object=${encodeURIComponent(order.orderId)}`,
    ordersUrl: `/ops?orders&flightId=${encodeURIComponent(order.flightId)}`,
    ...personsOf(order), refunds: refunds.map(refundView), anyRefunds: refunds.length > 0,
    may, canCancel: order.staffActions.includes('cancel') && !canCancelSold(order),
    cancelText: 'Its seats become free at once. A payment that is under way is given back. The audit keeps your reason for good, so name no customer in it.',
    next: next(order, jobs, queue), jobs: jobs.map(jobView),
    events: events.map((event, i) => eventView(event, events[i - 1])),
  }));
}
