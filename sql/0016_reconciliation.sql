-- SPDX-License-Identifier: MIT
-- What the gateway has in its books about a day, compared with ours. Days are UTC's; there is one report a day, the latest.

-- status: PENDING, DONE, NO_LIST (the gateway has none), FAILED. next_cursor: where the gateway's list goes on. tries: how
-- often in a row it could not be read. charges, payments: how many were compared; findings: how many are not alike.
CREATE TABLE reconciliations (
    day         DATE         NOT NULL,
    report_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status      VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    next_cursor VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    tries       INT          NOT NULL DEFAULT 0,
    last_error  VARCHAR(255) NULL,
    charges     INT          NOT NULL DEFAULT 0,
    payments    INT          NOT NULL DEFAULT 0,
    findings    INT          NOT NULL DEFAULT 0,
    created_at  DATETIME(3)  NOT NULL,
    updated_at  DATETIME(3)  NOT NULL,
    PRIMARY KEY (day),
    UNIQUE KEY one_report (report_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- The gateway's list, as far as it has been read; removed when it has been compared.
CREATE TABLE reconciliation_charges (
    report_id      CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    charge_key     VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id       VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    status         VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_cents   BIGINT       NOT NULL,
    refunded_cents BIGINT       NOT NULL,
    currency       CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    captured_at    DATETIME(3)  NOT NULL,
    PRIMARY KEY (report_id, charge_key)
) ENGINE=InnoDB;

-- What is not alike, the first thousand; ours, theirs: the amounts, NULL where one side knows of none.
CREATE TABLE reconciliation_findings (
    report_id  CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind       VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    charge_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id   VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    ours       BIGINT       NULL,
    theirs     BIGINT       NULL,
    currency   CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (report_id, charge_key, kind)
) ENGINE=InnoDB;

ALTER TABLE payments ADD KEY idx_created (created_at);

INSERT INTO job_kinds (kind) VALUES ('RECONCILE');
