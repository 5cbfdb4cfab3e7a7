-- SPDX-License-Identifier: MIT
-- notified_at: since when the gateway has had news about a payment that nobody has asked it for yet; NULL: it has none.
ALTER TABLE payments ADD COLUMN notified_at DATETIME(3) NULL;
