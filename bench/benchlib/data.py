# SPDX-License-Identifier: MIT
"""The benchmark's flights, orders and timers, made by SQL, and its requests."""

import json
import random

FLIGHTS, ROWS, LETTERS = 500, 30, "ABCDEF"
HOT_SEATS = 450

# A table of the numbers from 0 up to a million, in a database of the benchmark's own.
NUMBERS = """
CREATE DATABASE IF NOT EXISTS bench; CREATE TABLE IF NOT EXISTS bench.numbers (n INT PRIMARY KEY);
INSERT IGNORE INTO bench.numbers
WITH RECURSIVE d (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 999)
SELECT a.n * 1000 + b.n FROM d a CROSS JOIN d b;
"""

MAKE_FLIGHTS = """
INSERT INTO flights (flight_id, flight_number, origin, destination, departure_time, seat_rows, seat_layout,
                     price_cents, currency)
SELECT CONCAT('bench-', n), 'BE1', 'BOS', 'DCA', UTC_TIMESTAMP() + INTERVAL 90 DAY, {rows}, 'ABC DEF', 12900, 'USD'
FROM bench.numbers WHERE n < {flights};
INSERT INTO flights (flight_id, flight_number, origin, destination, departure_time, seat_rows, seat_layout,
                     price_cents, currency)
VALUES ('bench-hot', 'BE2', 'BOS', 'DCA', UTC_TIMESTAMP() + INTERVAL 90 DAY, 50, 'ABC DEF GHJ', 12900, 'USD');
INSERT INTO seats (flight_id, seat_number, seat_row, seat_column)
SELECT CONCAT('bench-', f.n), CONCAT(r.n, SUBSTRING('{letters}', l.n, 1)), r.n, SUBSTRING('{letters}', l.n, 1)
FROM bench.numbers f JOIN bench.numbers r ON r.n BETWEEN 1 AND {rows} JOIN bench.numbers l ON l.n BETWEEN 1 AND 6
WHERE f.n < {flights};
INSERT INTO seats (flight_id, seat_number, seat_row, seat_column)
SELECT 'bench-hot', CONCAT(r.n, SUBSTRING('ABCDEFGHJ', l.n, 1)), r.n, SUBSTRING('ABCDEFGHJ', l.n, 1)
FROM bench.numbers r JOIN bench.numbers l ON l.n BETWEEN 1 AND 9 WHERE r.n BETWEEN 1 AND 50;
ANALYZE TABLE flights, seats;
"""

# Wide-bodies of which every other row is not for sale, so half of each is left.
WIDE_FLIGHTS = 60
WIDE_LETTERS = "ABCDEFGHJ"
MAKE_WIDE = """
INSERT IGNORE INTO flights (flight_id, flight_number, origin, destination, departure_time, seat_rows, seat_layout,
                            price_cents, currency)
SELECT CONCAT('wide-', n), 'BE3', 'BOS', 'DCA', UTC_TIMESTAMP() + INTERVAL 90 DAY, 50, 'ABC DEF GHJ', 12900, 'USD'
FROM bench.numbers WHERE n < {flights};
INSERT IGNORE INTO seats (flight_id, seat_number, seat_row, seat_column, blocked)
SELECT CONCAT('wide-', f.n), CONCAT(r.n, SUBSTRING('{letters}', l.n, 1)), r.n, SUBSTRING('{letters}', l.n, 1),
       IF(r.n MOD 2 = 1, 'sold', NULL)
FROM bench.numbers f JOIN bench.numbers r ON r.n BETWEEN 1 AND 50 JOIN bench.numbers l ON l.n BETWEEN 1 AND 9
WHERE f.n < {flights};
ANALYZE TABLE flights, seats;
"""

# A season of 10,000 flights with 180 seats each, of two classes.
LIST_FLIGHTS = 10_000
MAKE_LIST = """
INSERT IGNORE INTO flights (flight_id, flight_number, origin, destination, departure_time, seat_rows, seat_layout,
                            price_cents, currency, fares, surcharges)
SELECT CONCAT('list-', n), 'BE4', ELT(1 + n MOD 7, 'BOS', 'DCA', 'NYC', 'LAX', 'FRA', 'SIN', 'HEL'),
       ELT(1 + n MOD 5, 'ORD', 'SEA', 'MIA', 'LHR', 'CDG'), UTC_TIMESTAMP() + INTERVAL 1 DAY + INTERVAL n * 13 MINUTE,
       30, 'ABC DEF', 12900, 'USD', 'business=39900', 'window=500'
FROM bench.numbers WHERE n < {flights};
"""
MAKE_LIST_SEATS = """
INSERT IGNORE INTO seats (flight_id, seat_number, seat_row, seat_column, cabin_class, features)
SELECT CONCAT('list-', f.n), CONCAT(r.n, SUBSTRING('{letters}', l.n, 1)), r.n, SUBSTRING('{letters}', l.n, 1),
       IF(r.n < 5, 'business', 'economy'), ELT(l.n, 'window', '', 'aisle', 'aisle', '', 'window')
FROM bench.numbers f JOIN bench.numbers r ON r.n BETWEEN 1 AND 30 JOIN bench.numbers l ON l.n BETWEEN 1 AND 6
WHERE f.n >= {first} AND f.n < {first} + 500;
"""

# Truncating keeps the tables, and what they cost, the same from one measurement to the next.
RESET = """
SET foreign_key_checks = 0;
UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL
WHERE status <> 'AVAILABLE';
TRUNCATE payments; TRUNCATE workflow_jobs; TRUNCATE workflow_events; TRUNCATE idempotency_keys; TRUNCATE orders;
TRUNCATE messages; DELETE FROM persons WHERE order_id IS NOT NULL;
TRUNCATE payment_gateway.charges; TRUNCATE payment_gateway.charge_calls;
"""

# Identifiers of rows made by SQL: a prefix for the batch, then the row's number.
ID = "CONCAT('{batch:08x}-0000-7000-8000-', LPAD(LOWER(HEX(n)), 12, '0'))"

MAKE_ORDERS = """
INSERT INTO orders (order_id, flight_id, user_id, status, seats, reserved_at, expires_at, total_price_cents, currency,
                    workflow_id, created_at, updated_at)
SELECT {id}, CONCAT('bench-', n MOD {flights}), 'bench', '{status}', {seat}, UTC_TIMESTAMP(3), {expires}, 12900, 'USD',
       CONCAT('booking-', {id}), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
FROM bench.numbers WHERE n >= {first} AND n < {first} + {count};
"""

TAKE_SEATS = """
UPDATE seats s JOIN orders o ON s.flight_id = o.flight_id AND s.seat_number = o.seats
SET s.status = 'RESERVED', s.reserved_by = o.order_id, s.user_id = o.user_id, s.reserved_at = o.reserved_at
WHERE o.order_id LIKE '{batch:08x}-%';
"""

MAKE_JOBS = """
INSERT INTO workflow_jobs (kind, order_id, run_at, max_attempts, created_at, updated_at)
SELECT '{kind}', {id}, {run_at}, {tries}, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
FROM bench.numbers WHERE n >= {first} AND n < {first} + {count};
"""

MAKE_PAYMENTS = """
INSERT INTO payments (payment_id, order_id, payment_code, status, amount_cents, currency, created_at, updated_at)
SELECT CONCAT('ffffffff', SUBSTRING(order_id, 9)), order_id, '99999', 'PENDING', 12900, 'USD', UTC_TIMESTAMP(3),
       UTC_TIMESTAMP(3) FROM orders WHERE order_id LIKE '{batch:08x}-%';
"""

# A confirmed order's mail, a contact, a passenger, and the payment that was approved.
MAKE_MAILS = """
INSERT INTO persons (kind, order_id, given_name, family_name, family_key, email, email_key, created_at, language)
SELECT 'CONTACT', order_id, 'Ada', 'Lovelace', 'lovelace', 'ada@example.org', 'ada@example.org', UTC_TIMESTAMP(3), 'en'
FROM orders WHERE order_id LIKE '{batch:08x}-%';
INSERT INTO persons (kind, order_id, given_name, family_name, family_key, created_at)
SELECT 'PASSENGER', order_id, 'Ada', 'Lovelace', 'lovelace', UTC_TIMESTAMP(3) FROM orders WHERE order_id LIKE '{batch:08x}-%';
UPDATE payments SET status = 'APPROVED', payment_code = '' WHERE order_id LIKE '{batch:08x}-%';
INSERT INTO messages (public_id, order_id, channel, type, body, status, created_at, updated_at)
SELECT UUID(), order_id, 'MAIL', 'order.confirmed', CONCAT('{{"type":"order.confirmed","timestamp":"2026-03-15T10:00:00.000Z",',
  '"data":{{"orderId":"', order_id, '","status":"CONFIRMED","locator":"HJ42KT","createdAt":"2026-03-15T09:00:00.000Z",',
  '"currency":"USD","totalPriceCents":12900,"seats":["', seats, '"],"flight":{{"flightNumber":"BE1","origin":"BOS",',
  '"destination":"DCA","originTimeZone":"America/New_York","destinationTimeZone":"America/New_York",',
  '"departureTime":"2026-06-13T10:00:00.000Z"}}}}}}'), 'PENDING', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
FROM orders WHERE order_id LIKE '{batch:08x}-%';
"""


def make_flights(stack):
    stack.sql(NUMBERS + MAKE_FLIGHTS.format(flights=FLIGHTS, rows=ROWS, letters=LETTERS))


def make_list(stack):
    stack.sql(MAKE_LIST.format(flights=LIST_FLIGHTS))
    for first in range(0, LIST_FLIGHTS, 500):
        stack.sql(MAKE_LIST_SEATS.format(letters=LETTERS, first=first))
    stack.sql("ANALYZE TABLE flights, seats")


def make_wide_flights(stack):
    stack.sql(MAKE_WIDE.format(flights=WIDE_FLIGHTS, letters=WIDE_LETTERS))


def reset(stack):
    stack.sql(RESET)


def seat_of(n):
    """SQL for the seat of order n: orders n, n + 500, … have different seats of the same flight."""
    return f"CONCAT(1 + ({n} DIV {FLIGHTS}) DIV 6, SUBSTRING('{LETTERS}', 1 + ({n} DIV {FLIGHTS}) MOD 6, 1))"


def make_orders(stack, batch, count, status, expires="NULL", seats=True, first=0):
    """Makes orders first <= n < first + count, each with a seat of its own if seats is set (90,000 at most)."""
    stack.sql(MAKE_ORDERS.format(id=ID.format(batch=batch), flights=FLIGHTS, status=status, expires=expires,
                                 seat=seat_of("n") if seats else "'1A'", count=count, first=first))
    if seats:
        stack.sql(TAKE_SEATS.format(batch=batch))


def make_jobs(stack, batch, count, kind, run_at, tries=0, first=0):
    stack.sql(MAKE_JOBS.format(id=ID.format(batch=batch), kind=kind, run_at=run_at, tries=tries, count=count,
                               first=first))


def make_payments(stack, batch):
    stack.sql(MAKE_PAYMENTS.format(batch=batch))


def make_mails(stack, batch):
    make_payments(stack, batch)
    stack.sql(MAKE_MAILS.format(batch=batch))


# ---- requests ---------------------------------------------------------------------------------------------

def post(path, body):
    text = json.dumps(body, separators=(",", ":"))
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}")


def write_charges(directory, number, count):
    """So many charges of one amount, each under a key of its own."""
    body = {"orderId": "bench", "amountCents": 12900, "currency": "USD", "returnUrl": "https://example.org/?order=bench"}
    charges = [post("/charges", body).replace("\r\n", f"\r\nIdempotency-Key: bench-{number}-{n}\r\n", 1) for n in range(count)]
    return write_requests(directory / "charges.http", charges)


def get(path, *headers):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""])


def write_requests(path, requests):
    with open(path, "w") as file:
        for request in requests:
            file.write(f"{len(request)}\n{request}")
    return path


def pairs(seed):
    """All pairs of neighboring seats on all flights, in an order that spreads over the flights."""
    wishes = [(f"bench-{flight}", [f"{row}{LETTERS[i]}", f"{row}{LETTERS[i + 1]}"])
              for flight in range(FLIGHTS) for row in range(1, ROWS + 1) for i in (0, 2, 4)]
    random.Random(seed).shuffle(wishes)
    return wishes


def hold_request(flight, seats, customer=0, **more):
    return post("/api/orders", {"flightId": flight, "seats": seats, "userId": f"customer-{customer}", **more})


def pay_request(order):
    return post(f"/api/orders/{order}/pay", {"paymentCode": "99999"})


def write_holds(directory, seed):
    """The same holds for the load generator and for bare_sql."""
    wishes = pairs(seed)
    with open(directory / "holds.txt", "w") as file:
        for flight, seats in wishes:
            file.write(f"{flight} {','.join(seats)}\n")
    write_requests(directory / "holds.http", [hold_request(*wish, n) for n, wish in enumerate(wishes)])
    return directory / "holds.http", directory / "holds.txt"


def write_named_holds(directory, seed):
    """The holds of write_holds, with what PASSENGERS=required wants to know before payment."""
    more = {"passengers": [{"givenName": "Ada", "familyName": "Lovelace"}, {"givenName": "Charles", "familyName": "Babbage"}],
            "contact": {"email": "ada@example.org", "language": "en"}}
    return write_requests(directory / "named-holds.http", [hold_request(*wish, n, **more)
                                                           for n, wish in enumerate(pairs(seed))])


def write_wide(directory, seed):
    """Holds of two seats on half-sold wide-bodies: by their numbers, and as many of the best that are free."""
    wishes = [(f"wide-{flight}", [f"{row}{block[0]}", f"{row}{block[1]}"]) for flight in range(WIDE_FLIGHTS)
              for row in range(2, 51, 2) for block in ("ABC", "DEF", "GHJ")]
    random.Random(seed).shuffle(wishes)
    best = [post("/api/orders", {"flightId": flight, "count": 2, "userId": f"customer-{n}"})
            for n, (flight, _) in enumerate(wishes)]
    return (write_requests(directory / "named.http", [hold_request(*wish, n) for n, wish in enumerate(wishes)]),
            write_requests(directory / "best.http", best))


def write_refused(directory):
    """Holds that the API refuses at sight, which shows what an answer costs before any SQL."""
    return write_requests(directory / "refused.http", [hold_request(flight, seats[:1] * 2, n)
                                                       for n, (flight, seats) in enumerate(pairs(0))])


def write_sale(directory, hot):
    seats = [f"{row}{letter}" for row in range(1, 51) for letter in "ABCDEFGHJ"][:HOT_SEATS]
    wishes = [("bench-hot", [seat]) if hot else (f"bench-{n}", ["1A"]) for n, seat in enumerate(seats)]
    return write_requests(directory / "sale.http", [hold_request(*wish, n) for n, wish in enumerate(wishes)])
