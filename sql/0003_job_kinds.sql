-- SPDX-License-Identifier: MIT
-- What the operator has stopped: sweepers claim nothing of a kind while paused_at is set. One row a kind, so that pausing
-- is an UPDATE and the programs need no right to add or remove any.
CREATE TABLE job_kinds (
    kind      VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    paused_at DATETIME(3) NULL,
    PRIMARY KEY (kind)
) ENGINE=InnoDB;

INSERT INTO job_kinds (kind) VALUES ('EXPIRE_HOLD'), ('PAYMENT_ATTEMPT'), ('VOID_CHARGE'), ('SEND_CONFIRMATION');
