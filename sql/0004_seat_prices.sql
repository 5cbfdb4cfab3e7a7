-- SPDX-License-Identifier: MIT
-- What each seat of an order costs, in the order of its seats: '12900,12900', minor units of the order's currency. A
-- price is fixed when the seat is held. NULL, or a list that does not add up to the total, means that a program which
-- does not know the column has written the row; each seat then costs an equal part of the total.
ALTER TABLE orders
    ADD COLUMN seat_prices VARCHAR(650) CHARACTER SET ascii COLLATE ascii_bin NULL;
