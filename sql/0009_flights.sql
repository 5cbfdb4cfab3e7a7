-- SPDX-License-Identifier: MIT
-- An operator's own flights: places, cabins, fares, sale windows. All of it is added: a flight that was inserted with the
-- columns of 0001 stays as it is and on sale, and the programs of the version before go on working.

-- Where flights go: an airport's three letters, or three letters and digits of the carrier's own. The keys are name and city without regard to case and accents, as the program computes them.
CREATE TABLE places (
    code       CHAR(3)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name       VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    city       VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    time_zone  VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    name_key   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    city_key   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version    INT          NOT NULL DEFAULT 1,
    updated_at DATETIME(3)  NOT NULL,
    PRIMARY KEY (code),
    KEY idx_name (name_key),
    KEY idx_city (city_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Seating plans. A row is never changed: a changed plan is a new version, and flights keep theirs.
CREATE TABLE cabins (
    cabin_id   VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version    INT          NOT NULL,
    name       VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    -- JSON, in the program's own spelling, so that equal plans are equal texts.
    plan       MEDIUMTEXT   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    seat_count INT          NOT NULL,
    created_at DATETIME(3)  NOT NULL,
    PRIMARY KEY (cabin_id, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- departure_said, arrival_said: as the operator said them ("2026-10-25T02:30:00+02:00[Europe/Berlin]"); empty: only the
-- moment is known. departure_day: the local day; NULL: not derived (yet). fares: "business=39900,economy", what a
-- class costs; one without an amount, and every class that it does not name, costs price_cents. surcharges: the same for the features of a seat.
-- sales_opens_s, sales_closes_s: so many seconds before departure; NULL: always, and until departure. refund_rule:
-- "604800:0:0,86400:5000:1500", so many seconds before departure, basis points and minor units that are kept; or empty.
-- version grows with every change. A flight that is DRAFT is not there yet for anybody but its import.
ALTER TABLE flights
    ADD COLUMN status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'ON_SALE',
    ADD COLUMN cabin_id VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN cabin_version INT NULL,
    ADD COLUMN departure_said VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    ADD COLUMN departure_day DATE NULL,
    ADD COLUMN arrival_said VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    ADD COLUMN arrival_time DATETIME(3) NULL,
    ADD COLUMN fares VARCHAR(600) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    ADD COLUMN surcharges VARCHAR(600) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    ADD COLUMN tax_basis_points INT NOT NULL DEFAULT 0,
    ADD COLUMN sales_opens_s INT NULL,
    ADD COLUMN sales_closes_s INT NULL,
    ADD COLUMN refund_rule VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    ADD COLUMN cancel_reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    ADD COLUMN version INT NOT NULL DEFAULT 1,
    ADD COLUMN import_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN created_at DATETIME(3) NULL,
    ADD COLUMN updated_at DATETIME(3) NULL;

ALTER TABLE flights
    ADD KEY idx_day (departure_day, departure_time, flight_id),
    ADD KEY idx_cabin (cabin_id, cabin_version),
    ADD KEY idx_import (import_id);

-- cabin_class: NULL means economy. features: sorted, "aisle,exit,extra-legroom". seat_letters: a column of two letters;
-- NULL: seat_column has it. blocked: why the seat is not for sale; only where it is AVAILABLE.
ALTER TABLE seats
    ADD COLUMN cabin_class VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN features VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN seat_letters VARCHAR(2) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN blocked VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;

-- How many seats a flight has of each class and set of features, and how many are free: as of a moment ago, for lists.
-- Nobody who holds a seat writes here. The row of no flight says when all others were looked at for the last time.
CREATE TABLE flight_counts (
    flight_id   VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    cabin_class VARCHAR(20)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    features    VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    total       INT          NOT NULL,
    free        INT          NOT NULL,
    counted_at  DATETIME(3)  NOT NULL,
    -- Only in the row of no flight: the last event that was looked at, and which sweeper looks.
    event_id    BIGINT       NULL,
    worker      VARCHAR(100) NULL,
    PRIMARY KEY (flight_id, cabin_class, features)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- price_parts: of what each price in seat_prices is made, "economy=12900+exit=1500,economy=12900"; NULL: of the fare
-- alone. fee_cents: kept of what was captured, at cancellations. hold_ends_at: the end that the hold had when its payment
-- was submitted. consent_at, consent_terms: when the customer agreed, and to what.
ALTER TABLE orders
    ADD COLUMN price_parts VARCHAR(6000) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN tax_basis_points INT NOT NULL DEFAULT 0,
    ADD COLUMN fee_cents BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN hold_ends_at DATETIME(3) NULL,
    ADD COLUMN consent_at DATETIME(3) NULL,
    ADD COLUMN consent_terms VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;

-- position: the order in which passengers were named, from 1; seats go to them in this order.
ALTER TABLE persons
    ADD COLUMN position INT NULL,
    ADD COLUMN passenger_kind VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN assistance VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ADD COLUMN phone VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ADD COLUMN language VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NULL;

-- Who is on board: the passenger's person_id, or the seat's number where passengers are not named.
CREATE TABLE boardings (
    order_id   CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    passenger  VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    flight_id  VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    actor_id   BIGINT      NULL,
    boarded_at DATETIME(3) NOT NULL,
    PRIMARY KEY (order_id, passenger),
    KEY idx_flight (flight_id)
) ENGINE=InnoDB;

-- A job about a flight has no order ('') and an id of its own as its subject.
ALTER TABLE workflow_jobs ADD COLUMN flight_id VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NULL;

INSERT INTO job_kinds (kind) VALUES ('CANCEL_FLIGHT'), ('TELL_FLIGHT'), ('IMPORT_FLIGHTS');
