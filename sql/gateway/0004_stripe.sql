-- SPDX-License-Identifier: MIT
-- What the gateway program for Stripe has asked for, written before it asks, and what came of it. Stripe's own books are
-- the truth about money; these say what is still to be asked.
CREATE TABLE stripe_charges (
    idempotency_key VARCHAR(100)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- These four are NULL for a void that came before any charge.
    order_id        VARCHAR(50)   NULL,
    amount_cents    BIGINT        NULL,
    currency        CHAR(3)       CHARACTER SET ascii COLLATE ascii_bin NULL,
    return_url      VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- ASKED, APPROVED, DECLINED or VOIDED; a void is written before Stripe is told, and stays.
    status          VARCHAR(10)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason          VARCHAR(100)  NULL,
    -- A new number is a new key at Stripe, and a new moment at which the page ends: taken when the old key has no
    -- other answer any more than an error.
    request_no      INT           NOT NULL DEFAULT 0,
    page_ends_at    DATETIME(3)   NULL,
    -- Only of a page that stands here is the customer told.
    session_id      VARCHAR(255)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    payment_intent  VARCHAR(255)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    captured_at     DATETIME(3)   NULL,
    voided_at       DATETIME(3)   NULL,
    -- When Stripe had ended the page of a voided charge, or given the money back.
    closed_at       DATETIME(3)   NULL,
    created_at      DATETIME(3)   NOT NULL,
    PRIMARY KEY (idempotency_key),
    UNIQUE KEY uq_session (session_id),
    KEY idx_captured (captured_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE stripe_refunds (
    refund_key      VARCHAR(110)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    idempotency_key VARCHAR(100)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_cents    BIGINT        NOT NULL,
    -- ASKED, PENDING, REFUNDED or FAILED
    status          VARCHAR(10)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason          VARCHAR(100)  NULL,
    request_no      INT           NOT NULL DEFAULT 0,
    refund_id       VARCHAR(255)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_at      DATETIME(3)   NOT NULL,
    PRIMARY KEY (refund_key),
    UNIQUE KEY uq_refund (refund_id),
    KEY idx_charge (idempotency_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
