-- SPDX-License-Identifier: MIT
-- What the simulator has given back, in its own books.
CREATE TABLE charge_refunds (
    refund_key      VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    idempotency_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_cents    BIGINT       NOT NULL,
    created_at      DATETIME(3)  NOT NULL,
    PRIMARY KEY (refund_key),
    KEY idx_charge (idempotency_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
