// SPDX-License-Identifier: MIT
// The operations console's parts. Its first screen opens when ops-access.js knows who is there.

import './say.js';
import './ops-access.js';
import './ops-audit.js';
import './ops-order.js';
import './ops-orders.js';
import './ops-queue.js';
import './ops-staff.js';
import { bringBack } from './place.js';
import { missing, onAddress, rename } from './router.js';

onAddress(null, () => missing('Nothing here', 'There is no such page in the console.'));

if (!location.search) rename('/ops?queue');
bringBack();
