// SPDX-License-Identifier: MIT
// The operations console's parts. Its first screen opens when ops-access.js knows who is there.

import './say.js';
import './ops-access.js';
import './ops-audit.js';
import './ops-cabin.js';
import './ops-cabins.js';
import './ops-figures.js';
import './ops-flight.js';
import './ops-flight-edit.js';
import './ops-flights.js';
import './ops-import.js';
import './ops-jobs.js';
import './ops-manifest.js';
import './ops-order.js';
import './ops-orders.js';
import './ops-places.js';
import './ops-queue.js';
import './ops-reconciliation.js';
import './ops-season.js';
import './ops-staff.js';
import { byId, put, render } from './html.js';
import { bringBack } from './place.js';
import { missing, onAddress, rename } from './router.js';

onAddress(null, () => missing('Nothing here', 'There is no such page in the console.'));

if (!location.search) rename('/ops?queue');
put(byId('always'), render('always', {}), 'innerHTML');
bringBack();
