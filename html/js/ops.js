// SPDX-License-Identifier: MIT
// The operations console's parts, and its first screen.

import './say.js';
import './ops-access.js';
import './ops-order.js';
import './ops-orders.js';
import './ops-queue.js';
import { missing, onAddress, rename, reopen } from './router.js';

onAddress(null, () => missing('Nothing here', 'There is no such page in the console.'));

if (!location.search) rename('/ops?queue');
reopen();
