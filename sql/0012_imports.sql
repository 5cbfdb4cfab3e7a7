-- SPDX-License-Identifier: MIT
-- A season of flights from a file: what an operator sent, and how far it has come. Its new flights are staged as drafts
-- beside the others, and so is what becomes of those that change, each as a draft of its own (shadow_id).

-- status: UPLOADING, CHECKING, STAGING; CHECKED (a dry run), REFUSED, PUBLISHED. next_line: the rows before it are done,
-- in this stage. has_drafts: some may be staged. tries: how often it was checked anew because a flight had changed.
CREATE TABLE imports (
    import_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status      VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'UPLOADING',
    dry_run     TINYINT      NOT NULL,
    line_count  INT          NOT NULL DEFAULT 0,
    flights     INT          NOT NULL DEFAULT 0,
    done        INT          NOT NULL DEFAULT 0,
    made        INT          NOT NULL DEFAULT 0,
    changed     INT          NOT NULL DEFAULT 0,
    unchanged   INT          NOT NULL DEFAULT 0,
    faults      INT          NOT NULL DEFAULT 0,
    next_line   INT          NOT NULL DEFAULT 0,
    has_drafts  TINYINT      NOT NULL DEFAULT 0,
    tries       INT          NOT NULL DEFAULT 0,
    actor_id    BIGINT       NOT NULL,
    actor_role  VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    request_id  VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at  DATETIME(3)  NOT NULL,
    updated_at  DATETIME(3)  NOT NULL,
    PRIMARY KEY (import_id),
    KEY idx_status (status, updated_at)
) ENGINE=InnoDB;

-- flight: JSON, as the file has it. What follows is found when it is checked: action (NEW, CHANGE, SAME), the version
-- that the flight has, its status to be, whether its times change (1: the arrival, 2: the departure), and for the audit
-- log what it was and will be.
CREATE TABLE import_rows (
    import_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    line        INT          NOT NULL,
    flight_id   VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    flight      MEDIUMTEXT   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    action      VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    version     INT          NULL,
    status      VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    shadow_id   VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    moves       TINYINT      NOT NULL DEFAULT 0,
    was         TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    became      TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    PRIMARY KEY (import_id, line)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- The first hundred; imports.faults counts them all.
CREATE TABLE import_faults (
    import_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    fault_no    INT          NOT NULL,
    line        INT          NOT NULL,
    field       VARCHAR(80)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    message     VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (import_id, fault_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
