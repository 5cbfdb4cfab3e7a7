-- SPDX-License-Identifier: MIT
-- Which kinds of job an operator has paused: sweepers claim no job of a kind while its paused_at is set. There is one
-- row per kind, so that pausing is an UPDATE and the programs need no right to add or remove rows.
CREATE TABLE job_kinds (
    kind      VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    paused_at DATETIME(3) NULL,
    PRIMARY KEY (kind)
) ENGINE=InnoDB;

INSERT INTO job_kinds (kind) VALUES ('EXPIRE_HOLD'), ('PAYMENT_ATTEMPT'), ('VOID_CHARGE'), ('SEND_CONFIRMATION');
