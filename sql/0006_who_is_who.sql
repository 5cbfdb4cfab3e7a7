-- SPDX-License-Identifier: MIT
-- Who is who: staff with roles, what they changed, whose an order is, and the reference by which its customer comes back.

-- All names, and nothing else of a person. Every other table has the person's id alone, so that forgetting somebody
-- empties a row here. A staff member has a name, as it signed in; the persons of an order have the rest.
CREATE TABLE persons (
    person_id    BIGINT       NOT NULL AUTO_INCREMENT,
    -- STAFF, PASSENGER, CONTACT
    kind         VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- How a staff member is known: TOKEN, SIGN_ON, SETTING, COMMAND.
    known_by     VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    name         VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    order_id     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NULL,
    given_name   VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    family_name  VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    -- The family name without regard to case, accents and marks, as the program computes it.
    family_key   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    email        VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    email_key    VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    created_at   DATETIME(3)  NOT NULL,
    forgotten_at DATETIME(3)  NULL,
    PRIMARY KEY (person_id),
    UNIQUE KEY one_of_a_name (known_by, name),
    KEY idx_order (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Whoever has the ADMIN_TOKEN, and with ADMIN_TOKEN=none whoever is at this machine.
INSERT INTO persons (kind, known_by, name, created_at) VALUES
    ('STAFF', 'SETTING', 'ADMIN_TOKEN', UTC_TIMESTAMP(3)), ('STAFF', 'SETTING', 'this machine', UTC_TIMESTAMP(3));

-- A token is 160 random bits, so its bare SHA-256 tells nothing about it.
CREATE TABLE staff_tokens (
    person_id  BIGINT      NOT NULL,
    role       VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    token_hash BINARY(32)  NOT NULL,
    created_at DATETIME(3) NOT NULL,
    revoked_at DATETIME(3) NULL,
    PRIMARY KEY (person_id),
    UNIQUE KEY one_token (token_hash),
    CONSTRAINT staff_tokens_person FOREIGN KEY (person_id) REFERENCES persons (person_id)
) ENGINE=InnoDB;

-- What staff changed. Rows are only ever added, each in the transaction of its change. No foreign key: a row must not
-- have to lock a person.
CREATE TABLE audit_log (
    audit_id    BIGINT       NOT NULL AUTO_INCREMENT,
    actor_id    BIGINT       NOT NULL,
    role        VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    action      VARCHAR(30)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- What was changed: ORDER, JOB, KIND, STAFF, …, and which one.
    object_kind VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    object_id   VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- JSON objects of what changed.
    was         VARCHAR(2000) NULL,
    became      VARCHAR(2000) NULL,
    reason      VARCHAR(255) NULL,
    request_id  VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_at  DATETIME(3)  NOT NULL,
    PRIMARY KEY (audit_id),
    -- A page of the list, with each filter; the primary key ends each of these.
    KEY idx_created (created_at),
    KEY idx_actor (actor_id, created_at),
    KEY idx_action (action, created_at),
    KEY idx_object (object_id, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

ALTER TABLE workflow_events ADD COLUMN actor_id BIGINT NULL;

-- owner: the account that signed in to make the order; NULL where nobody had to. locator: as in the table locators.
-- forgotten_at: when its persons were wiped.
ALTER TABLE orders
    ADD COLUMN owner VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ADD COLUMN locator CHAR(6) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN forgotten_at DATETIME(3) NULL;

-- The short references of orders. Rows stay for good, so that none is given twice.
CREATE TABLE locators (
    locator    CHAR(6)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id   CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at DATETIME(3) NOT NULL,
    PRIMARY KEY (locator)
) ENGINE=InnoDB;

-- Look-ups that found nothing, by the SHA-256 of the locator that was asked for, whether or not there is such a one.
CREATE TABLE lookup_failures (
    asked_for BINARY(32)  NOT NULL,
    failures  INT         NOT NULL,
    since     DATETIME(3) NOT NULL,
    PRIMARY KEY (asked_for),
    KEY idx_since (since)
) ENGINE=InnoDB;

-- What a look-up hands out: the key to one order, for an hour.
CREATE TABLE order_tokens (
    token_hash BINARY(32)  NOT NULL,
    order_id   CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    PRIMARY KEY (token_hash),
    KEY idx_order (order_id),
    KEY idx_expires (expires_at)
) ENGINE=InnoDB;
