-- SPDX-License-Identifier: MIT
-- MAX_OPEN_HOLDS_PER_USER: a new order locks the slot its customer's name falls into, so that two orders of one
-- customer are counted one after the other. Orders of customers nobody knows have no row of their own to lock, and
-- 256 slots neither grow nor need sweeping. Not touched while there is no such limit.
CREATE TABLE hold_slots (
    slot SMALLINT NOT NULL,
    PRIMARY KEY (slot)
) ENGINE=InnoDB;

INSERT INTO hold_slots (slot)
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 255)
    SELECT n FROM numbers;
