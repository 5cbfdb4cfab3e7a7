// SPDX-License-Identifier: MIT
// Imports flights from a file: checks it first, shows each fault with its line, and publishes the flights all together.

import { plural } from './format.js';
import { byId, focusHeading, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { ask } from './ops-ask.js';
import { showFaults } from './ops-faults.js';
import { IMPORT_STATES } from './ops-flight-words.js';
import { onAddress, rename } from './router.js';

const MOST = 16 * 1024 * 1024;
const UPLOAD_MS = 300000;    // for a large file and a slow line
const SHOWN = 200;           // faults

let file = null;             // { name, bytes }: kept between the check and the import
let isCheck = true;
let isOver = false;

onAddress('import', importId => {
  document.title = 'Import · Operations';
  file = null;
  isOver = false;
  put(byId('main'), render('view-import', { may }), 'innerHTML');
  if (importId) follow(importId);
});

document.addEventListener('change', async ({ target }) => {
  if (target.id !== 'import-file') return;
  const [chosen] = target.files;
  file = null;
  put(byId('import-progress'), '', 'innerHTML');
  if (!chosen) return;
  if (chosen.size > MOST) showFaults(target.form, [{ path: 'file', message: 'The file is larger than 16 MiB. Split it.' }]);
  else file = { name: chosen.name, bytes: await chosen.arrayBuffer() };
});

document.addEventListener('submit', event => {
  if (event.target.id !== 'import-form' || file) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  showFaults(event.target, [{ path: 'file', message: 'Choose a file: CSV, or one JSON object a line.' }]);
}, true);

const typeOf = name => (/\.(ndjson|jsonl|json)$/i.test(name) ? 'application/x-ndjson' : 'text/csv');

onOperator('ops-import', ({ importId }) => {
  rename(`/ops?import=${encodeURIComponent(importId)}`);
  follow(importId);
}, {
  before: (element, request) => {
    isCheck = element.id === 'import-form';
    request.action = `/api/admin/flights/import${isCheck ? '?dryRun=true' : ''}`;
    request.body = file.bytes;
    request.headers['Content-Type'] = typeOf(file.name);
    request.patience = UPLOAD_MS;
  },
  refused: ({ message }) => showFaults(byId('import-form'), [{ path: 'file', message }]),
});

// A browser does not read a file anew that was changed since it was chosen, nor tells that the same one is chosen again.
function forgetFile() {
  file = null;
  if (byId('import-file')) byId('import-file').value = '';
}

function follow(importId) {
  isOver = false;
  ask('import-progress', `/api/admin/flights/imports/${encodeURIComponent(importId)}`, 'load, every 500ms');
}

onOperator('ops-import-progress', progress => {
  const { status, flights, done, made, changed, unchanged, faults, faultCount } = progress;
  const wasOver = isOver;
  isOver = ['CHECKED', 'PUBLISHED', 'REFUSED'].includes(status);
  put(byId('import-progress'), render('import-progress', {
    may, flights: flights || 1, flightCount: plural(flights, 'flight'), done, isRunning: !isOver, title: IMPORT_STATES[status] || status, tone: { CHECKED: 'good', PUBLISHED: 'good', REFUSED: 'bad' }[status] || '',
    counts: [[made, 'new'], [changed, 'changed'], [unchanged, 'unchanged']].map(([count, word]) => `${count} ${word}`).join(', '),
    faults: faults.slice(0, SHOWN), anyFaults: faults.length > 0, faultCount: plural(faultCount, 'fault'), more: faultCount > SHOWN ? `And ${faultCount - Math.min(SHOWN, faults.length)} more.` : '',
    canImport: may.operator && status === 'CHECKED' && Boolean(file), again: status === 'CHECKED' && !file, mend: status === 'REFUSED', importLabel: `Import ${plural(made + changed, 'flight')}`,
  }));
  if (isOver && !wasOver) {
    if (status === 'PUBLISHED') tell('The flights are published, all together.');
    if (status !== 'CHECKED') forgetFile();
    focusHeading(byId('import-progress'));
  }
}, { wanted: () => !isOver });
