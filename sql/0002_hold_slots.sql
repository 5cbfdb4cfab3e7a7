-- SPDX-License-Identifier: MIT
-- For MAX_OPEN_HOLDS_PER_USER: a new order locks the slot its customer's name falls into, so that two orders of one
-- customer are counted one after the other. A new customer has no row yet that could be locked instead, and 256 slots
-- neither grow nor need purging. Without such a limit the table is not touched.
CREATE TABLE hold_slots (
    slot SMALLINT NOT NULL,
    PRIMARY KEY (slot)
) ENGINE=InnoDB;

INSERT INTO hold_slots (slot)
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 255)
    SELECT n FROM numbers;
