// SPDX-License-Identifier: MIT
// The list of cabins.

import { plural } from './format.js';
import { byId, put, render } from './html.js';
import { may } from './ops-access.js';
import { makeList } from './ops-list.js';
import { onAddress } from './router.js';

const column = (key, label, number) => ({ key, label, number, by: cabin => cabin[key] });

const list = makeList({
  name: 'cabins', form: 'cabins', url: '/api/admin/cabins', part: 'cabins', one: 'cabin', row: 'cabin-', idOf: ({ id }) => id,
  columns: [column('name', 'Name'), column('id', 'Id'), column('version', 'Version', true), column('seatCount', 'Seats', true), column('flights', 'Used by', true)],
  draw: (cabins, view) => render('cabins', {
    ...view,
    cabins: cabins.map(cabin => ({ ...cabin, url: `/ops?cabin=${encodeURIComponent(cabin.id)}`, used: cabin.flights ? plural(cabin.flights, 'flight') : 'no flight' })),
  }),
});

onAddress('cabins', () => {
  document.title = 'Cabins · Operations';
  list.open();
  put(byId('main'), render('view-cabins', { may }), 'innerHTML');
});
