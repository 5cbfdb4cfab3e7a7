// SPDX-License-Identifier: MIT
// A day of the gateway's books and of ours: what is not alike. The first look at a day has the report made, and the screen
// asks again until a sweeper has made it.

import { money, plural } from './format.js';
import { byId, put, render } from './html.js';
import { may, onOperator, tell } from './ops-access.js';
import { sendJson } from './ops-ask.js';
import { FINDINGS, at, orderUrl, today } from './ops-words.js';
import { onAddress, rename } from './router.js';
import { say } from './say.js';

let report = null;           // the last answer; null: no day is shown

const yesterday = () => new Date(Date.parse(today()) - 86400000).toISOString().slice(0, 10);

onAddress('reconciliation', date => {
  document.title = 'Books · Operations';
  report = null;
  put(byId('main'), render('view-reconciliation', { date, picked: date || yesterday() }), 'innerHTML');
});

function outcome({ status, lastError, findingCount }) {
  if (status === 'PENDING') {
    return ['soon', lastError ? `${lastError}. A sweeper asks again; the report is shown here once it is made.`
      : "The report is being made: a sweeper reads the gateway's list. It is shown here once it is made."];
  }
  if (status === 'NO_LIST') return ['soon', 'The payment gateway has no list of its charges, so this day cannot be compared.'];
  if (status === 'FAILED') return ['bad', `The gateway's list could not be read. ${lastError}.`];
  return findingCount ? ['bad', `${plural(findingCount, 'charge')} ${findingCount > 1 ? 'are' : 'is'} not alike in the two books.`]
    : ['good', 'All agrees.'];
}

// The gateway may know an order of somebody else's, by any name.
const isOurs = id => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
const amount = (cents, currency) => (cents === null ? 'none' : money(cents, currency));

function groups(findings) {
  return Object.entries(FINDINGS).map(([kind, [title, about]]) => ({
    kind, title, about,
    findings: findings.filter(each => each.kind === kind).map(({ key, orderId, bookingCents, gatewayCents, currency }) => ({
      key, orderId, url: orderId && isOurs(orderId) && orderUrl(orderId),
      ours: amount(bookingCents, currency), theirs: amount(gatewayCents, currency),
    })),
  })).filter(group => group.findings.length);
}

function show(answer) {
  const [tone, text] = outcome(answer);
  if (answer.status !== report?.status) say(text);
  report = answer;
  const { date, status, findings, findingCount, updatedAt } = report;
  return render('reconciliation', {
    ...report, tone, outcome: text, isDone: status === 'DONE', at: at(updatedAt), atLabel: status === 'PENDING' ? 'As of' : 'Made',
    isEarly: status === 'DONE' && updatedAt.slice(0, 10) <= date, canAnew: may.operator && status !== 'PENDING',
    groups: groups(findings), notListed: findingCount > findings.length && `The first ${findings.length} of ${findingCount} are listed.`,
  });
}

onOperator('ops-reconciliation', show, {
  wanted: () => report?.status === 'PENDING',
  before: form => {
    tell('');
    const { value } = form.elements.date;
    if (report && report.date !== value) put(byId('report'), '');
    report = null;
    rename(`/ops?reconciliation=${value}`);
  },
  refused: ({ message }) => {
    tell(message, 'bad');
    put(byId('report'), '');
  },
});

onOperator('ops-reconcile', answer => {
  put(byId('report'), show(answer));
  return null;
}, {
  before: (button, request) => sendJson(request, { date: report.date }),
});
