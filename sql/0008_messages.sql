-- SPDX-License-Identifier: MIT
-- What happened to an order, to be told to a receiver outside: the order as it was then. An order has one SEND_MESSAGE
-- job while any of its messages is PENDING, and that tells them in order. Rows are kept for a week.
CREATE TABLE messages (
    message_id BIGINT       NOT NULL AUTO_INCREMENT,
    -- Random, so that a database that was restored gives no id a second time.
    public_id  CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    type       VARCHAR(30)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    body       VARCHAR(12000) NOT NULL,
    -- PENDING, SENT, FAILED (out of tries), TOO_OLD (not sent: the database was away for a day, or is a backup)
    status     VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tries      INT          NOT NULL DEFAULT 0,
    last_error VARCHAR(255) NULL,
    created_at DATETIME(3)  NOT NULL,
    updated_at DATETIME(3)  NOT NULL,
    PRIMARY KEY (message_id),
    KEY idx_order (order_id, message_id),
    KEY idx_created (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO job_kinds (kind) VALUES ('SEND_MESSAGE');
