-- SPDX-License-Identifier: MIT
-- The payment gateway simulator's own books, apart from the booking database so that an audit can compare the two.

CREATE TABLE charges (
    idempotency_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- NULL for a void that came before any charge.
    order_id        VARCHAR(50)  NULL,
    amount_cents    BIGINT       NULL,
    currency        CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- APPROVED, DECLINED or VOIDED
    status          VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason          VARCHAR(100) NULL,
    transaction_id  VARCHAR(100) NULL,
    captured_at     DATETIME(3)  NULL,
    voided_at       DATETIME(3)  NULL,
    created_at      DATETIME(3)  NOT NULL,
    PRIMARY KEY (idempotency_key),
    KEY idx_order (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Counts every call, for tests and for codes whose answer depends on the number of the call.
CREATE TABLE charge_calls (
    idempotency_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    calls           INT          NOT NULL DEFAULT 0,
    last_call_at    DATETIME(3)  NOT NULL,
    PRIMARY KEY (idempotency_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
