-- SPDX-License-Identifier: MIT
-- Refunds: money that was captured for a confirmed order and is given back, in part or whole. A refund is a row and a
-- job; refund_id is also its idempotency key at the gateway, for all tries. An order may have several.
CREATE TABLE refunds (
    refund_id    CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The charge it gives back from.
    payment_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_cents BIGINT       NOT NULL,
    currency     CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- PENDING, REFUNDED, FAILED
    status       VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason       VARCHAR(255) NULL,
    last_error   VARCHAR(255) NULL,
    created_at   DATETIME(3)  NOT NULL,
    updated_at   DATETIME(3)  NOT NULL,
    PRIMARY KEY (refund_id),
    KEY idx_order (order_id, created_at),
    CONSTRAINT refunds_order FOREIGN KEY (order_id) REFERENCES orders (order_id),
    CONSTRAINT refunds_positive CHECK (amount_cents > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- What a job is about besides its order: a refund's id; '' where an order has one job of the kind at most. The new key
-- comes before the old one goes, so that there is no moment without one.
ALTER TABLE workflow_jobs
    ADD COLUMN subject_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '';
ALTER TABLE workflow_jobs ADD UNIQUE KEY one_job_of_a_subject (order_id, kind, subject_id);
ALTER TABLE workflow_jobs DROP KEY one_job_of_a_kind;

INSERT INTO job_kinds (kind) VALUES ('REFUND_CHARGE');
