-- SPDX-License-Identifier: MIT
-- Charges about which the customer decides on a page of the simulator's own.
CREATE TABLE charge_pages (
    idempotency_key VARCHAR(100)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id        VARCHAR(50)   NOT NULL,
    amount_cents    BIGINT        NOT NULL,
    currency        CHAR(3)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Where the customer goes afterwards; NULL: nowhere.
    return_url      VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_at      DATETIME(3)   NOT NULL,
    PRIMARY KEY (idempotency_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
