// SPDX-License-Identifier: MIT
// The page's parts, and its first screen. Each registers the addresses and the answers it knows.

import './say.js';
import './booking.js';
import './bookings.js';
import './choosing.js';
import './flights.js';
import './warnings.js';
import { reopen } from './router.js';

reopen();
