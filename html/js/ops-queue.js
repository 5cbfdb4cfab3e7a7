// SPDX-License-Identifier: MIT
// The queue: how much there is to do, what has failed, and which sweepers are at work.

import htmx from '../vendor/htmx.js';
import { plural } from './format.js';
import { byId, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { KINDS, RELEASE, at, jobAbout, kindName, relative, serverTime, took, triesOf } from './ops-words.js';
import { onAddress } from './router.js';

onAddress('queue', () => {
  document.title = 'Queue · Operations';
  put(byId('main'), render('view-queue', {}), 'innerHTML');
});

// ---- kinds ---------------------------------------------------------------------------------------------

onOperator('ops-queue', queue => {
  serverTime(queue.serverTime);
  const sum = name => queue.kinds.reduce((total, kind) => total + kind[name], 0);
  const most = number => (number >= queue.countedUpTo ? `${queue.countedUpTo}+` : String(number));
  const lag = Math.max(...queue.kinds.filter(({ pausedAt }) => !pausedAt).map(({ lagMs }) => lagMs), 0);
  return render('queue', {
    may,
    warning: warningOf(queue, lag),
    tiles: [
      { id: 'due', label: 'due now', number: most(sum('due')) },
      { id: 'running', label: 'running', number: most(sum('running')) },
      { id: 'waiting', label: 'waiting', number: most(sum('waiting')) },
      { id: 'failed', label: 'failed', number: most(sum('failed')), tone: sum('failed') ? 'bad' : '' },
      { id: 'lag', label: 'lag of the oldest', number: lag ? took(lag) : 'none', tone: lag > 5000 ? 'bad' : '' },
      { id: 'sweepers', label: queue.sweepers === 1 ? 'sweeper alive' : 'sweepers alive', number: queue.sweepers, tone: queue.sweepers ? '' : 'bad' },
    ],
    kinds: queue.kinds.map(kind => ({
      ...kind, name: kindName(kind.kind), about: KINDS[kind.kind]?.[1], pauseText: KINDS[kind.kind]?.[2],
      due: most(kind.due), waiting: most(kind.waiting), failed: most(kind.failed),
      dueTone: kind.lagMs > 5000 ? 'bad-text' : '', failedTone: kind.failed ? 'bad-text' : '',
      paused: kind.pausedAt && relative(kind.pausedAt).replace(' ago', ''),
      next: !kind.nextAt ? 'none' : kind.due ? `due for ${took(kind.lagMs)}` : `next ${relative(kind.nextAt)}`,
    })),
  });
}, { settled: appear });

// Shows all three parts at once, so that none pushes another one down.
function appear() {
  const parts = ['queue', 'failed', 'sweepers'].map(byId);
  if (parts.some(part => !part?.children.length || part.firstElementChild.matches('.loading'))) return;
  for (const part of parts) part.hidden = false;
}

function warningOf({ sweepers, kinds }, lag) {
  const paused = kinds.filter(({ pausedAt }) => pausedAt).map(({ kind }) => kindName(kind).toLowerCase());
  if (!sweepers) return { tone: 'bad', text: 'No sweeper is alive. Holds end all the same, but payments wait.' };
  if (lag > 5000) return { tone: 'bad', text: `The sweepers are behind: what is oldest has been due for ${took(lag)}.` };
  return paused.length ? { tone: 'soon', text: `Paused: ${paused.join(', ')}.` } : null;
}

onOperator('ops-kind', ({ kind, pausedAt }) => {
  tell(`${kindName(kind)} is ${pausedAt ? 'paused' : 'resumed'}.`, pausedAt ? 'soon' : 'good');
  htmx.trigger(byId('queue'), 'refresh');
});

// ---- jobs ----------------------------------------------------------------------------------------------

onOperator('ops-failed', ({ jobs, nextCursor }) => render('failed', {
  may, none: !jobs.length, any: jobs.length > 0, more: nextCursor,
  jobs: jobs.map(job => ({
    ...job, ...jobAbout(job), name: kindName(job.kind), tries: plural(job.attempts, 'try').replace('trys', 'tries'), when: relative(job.updatedAt),
  })),
}), { settled: appear });

// The answer to what was done with a job, on either screen.
onOperator('ops-job', ({ id, status }, { element }) => {
  const did = { release: 'released', rest: 'set aside' }[element.id.split('-')[0]] || 'due now';
  tell(`Job ${id} is ${did}${status ? '' : ' and done already'}.`);
  for (const place of ['queue', 'failed', 'sweepers', 'ask-jobs', 'ask-events']) {
    if (byId(place)) htmx.trigger(byId(place), 'refresh');
  }
});

// ---- sweepers ------------------------------------------------------------------------------------------

onOperator('ops-sweepers', ({ serverTime: time, sweepers, leases }) => {
  serverTime(time);
  const known = new Set(sweepers.map(({ worker }) => worker));
  // `sweeper --once` holds leases but does not register itself.
  const others = [...new Set(leases.map(({ lockedBy }) => lockedBy).filter(worker => !known.has(worker)))];
  const all = [...sweepers, ...others.map(worker => ({ worker }))];
  return render('sweepers', {
    may, none: !all.length,
    sweepers: all.map((sweeper, index) => sweeperView(sweeper, leases.filter(({ lockedBy }) => lockedBy === sweeper.worker), index)),
  });
}, { settled: appear });

function sweeperView({ worker, alive, startedAt, lastSeen }, leases, index) {
  const [state, tone] = alive ? ['Alive', 'good'] : startedAt ? ['Silent', 'bad'] : ['Once', ''];
  return {
    worker, index, state, tone, started: startedAt && at(startedAt), seen: lastSeen && relative(lastSeen),
    holds: leases.length ? `Holds ${plural(leases.length, 'job')}:` : 'Holds nothing.',
    any: leases.length > 0,
    leases: leases.map(job => ({ ...job, ...jobAbout(job), name: kindName(job.kind), ends: relative(job.runAt), attempts: triesOf(job), releaseText: RELEASE })),
  };
}
