-- SPDX-License-Identifier: MIT
-- The booking database. Every time is UTC with milliseconds; money is integer
-- minor units. Identifiers are ASCII and compared byte by byte, so the flight
-- 'fl-101' is not the flight 'FL-101'; what people type (names, reasons) is
-- utf8mb4.

CREATE TABLE flights (
    flight_id             VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    flight_number         VARCHAR(10)  NOT NULL,
    origin                CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    destination           CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    origin_time_zone      VARCHAR(40)  NOT NULL DEFAULT 'UTC',
    destination_time_zone VARCHAR(40)  NOT NULL DEFAULT 'UTC',
    departure_time        DATETIME(3)  NOT NULL,
    seat_rows             INT          NOT NULL,
    seat_layout           VARCHAR(30)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    exit_rows             VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    price_cents           BIGINT       NOT NULL,
    currency              CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (flight_id),
    KEY idx_departure (departure_time, flight_id),
    KEY idx_route (origin, destination, departure_time),
    CONSTRAINT flights_price_positive CHECK (price_cents >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE orders (
    order_id          CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    flight_id         VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id           VARCHAR(50)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    status            VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- What the order holds or last held, in the customer's order: 'A2,A1'.
    seats             VARCHAR(512) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reserved_at       DATETIME(3)  NOT NULL,
    -- The end of the hold; NULL when no timer runs.
    expires_at        DATETIME(3)  NULL,
    payment_attempts  INT          NOT NULL DEFAULT 0,
    failed_attempts   INT          NOT NULL DEFAULT 0,
    last_error        VARCHAR(255) NULL,
    total_price_cents BIGINT       NOT NULL,
    currency          CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Grows by one with every change; the ETag of the order.
    version           INT          NOT NULL DEFAULT 1,
    workflow_id       VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- The request that created the order, to find it in the logs.
    run_id            VARCHAR(100) NULL,
    created_at        DATETIME(3)  NOT NULL,
    updated_at        DATETIME(3)  NOT NULL,
    PRIMARY KEY (order_id),
    KEY idx_user (user_id, created_at, order_id),
    KEY idx_flight (flight_id, created_at, order_id),
    KEY idx_created (created_at, order_id),
    CONSTRAINT orders_flight FOREIGN KEY (flight_id) REFERENCES flights (flight_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE seats (
    flight_id   VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    seat_number VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    seat_row    INT         NOT NULL,
    seat_column CHAR(1)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status      ENUM('AVAILABLE', 'RESERVED', 'BOOKED') NOT NULL DEFAULT 'AVAILABLE',
    reserved_by CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NULL,
    user_id     VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    reserved_at DATETIME(3) NULL,
    PRIMARY KEY (flight_id, seat_number),
    KEY idx_reserved_by (reserved_by),
    CONSTRAINT seats_flight FOREIGN KEY (flight_id) REFERENCES flights (flight_id),
    CONSTRAINT seats_order FOREIGN KEY (reserved_by) REFERENCES orders (order_id),
    CONSTRAINT seats_taken_by_someone CHECK ((status = 'AVAILABLE') = (reserved_by IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE payments (
    -- Also the idempotency key of the charge at the gateway, for all attempts.
    payment_id     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id       CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Wiped to its last two digits once the payment is settled.
    payment_code   VARCHAR(5)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    transaction_id VARCHAR(100) NULL,
    -- PENDING, APPROVED, DECLINED, FAILED, CANCELLED
    status         VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Attempts begun, that is, announced to the database before the gateway is called.
    attempts       INT          NOT NULL DEFAULT 0,
    amount_cents   BIGINT       NOT NULL,
    currency       CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    last_error     VARCHAR(255) NULL,
    -- When the gateway confirmed that nothing is or will be captured.
    voided_at      DATETIME(3)  NULL,
    created_at     DATETIME(3)  NOT NULL,
    updated_at     DATETIME(3)  NOT NULL,
    PRIMARY KEY (payment_id),
    UNIQUE KEY one_payment_per_order (order_id),
    CONSTRAINT payments_order FOREIGN KEY (order_id) REFERENCES orders (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Timers and activities. A row is due when run_at has passed. A claim pushes run_at to the end of its lease and counts
-- the attempt, so the one index finds both due and abandoned jobs. A failed job has no run_at.
CREATE TABLE workflow_jobs (
    job_id       BIGINT       NOT NULL AUTO_INCREMENT,
    kind         VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status       VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'PENDING',
    run_at       DATETIME(3)  NULL,
    -- Claims so far; the fencing token of the claim that stands.
    attempts     INT          NOT NULL DEFAULT 0,
    -- 0: until it succeeds.
    max_attempts INT          NOT NULL DEFAULT 0,
    locked_by    VARCHAR(100) NULL,
    last_error   VARCHAR(255) NULL,
    -- The request that asked for it, for the logs of every process that works on it.
    request_id   VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    created_at   DATETIME(3)  NOT NULL,
    updated_at   DATETIME(3)  NOT NULL,
    PRIMARY KEY (job_id),
    UNIQUE KEY one_job_of_a_kind (order_id, kind),
    KEY idx_due (kind, run_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- The history. Rows are only ever added. No foreign key: an event must not
-- have to lock its order.
CREATE TABLE workflow_events (
    event_id    BIGINT       NOT NULL AUTO_INCREMENT,
    order_id    CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    type        VARCHAR(30)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    from_status VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    to_status   VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    attempt     INT          NULL,
    outcome     VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    duration_ms BIGINT       NULL,
    worker      VARCHAR(100) NULL,
    detail      VARCHAR(600) NULL,
    request_id  VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- A random number per transaction: tells whether a COMMIT whose answer was
    -- lost took place.
    change_id   BIGINT       NULL,
    created_at  DATETIME(3)  NOT NULL,
    PRIMARY KEY (event_id),
    KEY idx_order (order_id, event_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- One row per key, for 24 hours. Key and request are stored as SHA-256 only (the request salted with the key), so a
-- payment code cannot be found from them.
CREATE TABLE idempotency_keys (
    key_hash      BINARY(32)   NOT NULL,
    request_hash  BINARY(32)   NOT NULL,
    -- The request that may write the answer, until locked_until.
    owner         BIGINT       NOT NULL,
    locked_until  DATETIME(3)  NULL,
    -- NULL while the first request is still running.
    status        INT          NULL,
    content_type  VARCHAR(60)  CHARACTER SET ascii NULL,
    location      VARCHAR(200) CHARACTER SET ascii NULL,
    etag          VARCHAR(40)  CHARACTER SET ascii NULL,
    body          VARCHAR(12000) NULL,
    created_at    DATETIME(3)  NOT NULL,
    PRIMARY KEY (key_hash),
    KEY idx_created (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- The sweepers that are running, for /health and the operator.
CREATE TABLE sweepers (
    worker     VARCHAR(100) NOT NULL,
    started_at DATETIME(3)  NOT NULL,
    last_seen  DATETIME(3)  NOT NULL,
    in_flight  INT          NOT NULL DEFAULT 0,
    PRIMARY KEY (worker)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
