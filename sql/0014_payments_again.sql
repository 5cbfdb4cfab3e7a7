-- SPDX-License-Identifier: MIT
-- An order may be paid again after a decline (KEEP_HOLD_AFTER_DECLINE), so it may have several payments, of which one at
-- most counts: the one whose former_id is ''. A payment whose decline gave the order back to its hold has its own id there.
-- The new key comes before the old one goes, so that there is no moment without one. To the programs of the version
-- before, every payment of theirs is the one that counts; they must not run any more when the setting is switched on.
ALTER TABLE payments
    ADD COLUMN former_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '';
ALTER TABLE payments ADD UNIQUE KEY one_payment_at_a_time (order_id, former_id);
ALTER TABLE payments DROP KEY one_payment_per_order;
