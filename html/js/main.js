// SPDX-License-Identifier: MIT
// Loads the page's parts and opens the first screen. Each part registers the addresses and answers it handles.

import './say.js';
import './account.js';
import './booking.js';
import './bookings.js';
import './choosing.js';
import './detail.js';
import './find.js';
import './flights.js';
import './settings.js';
import './warnings.js';
import { byId, put, render } from './html.js';
import { reopen } from './router.js';

put(byId('always'), render('always', {}), 'innerHTML');
reopen();
