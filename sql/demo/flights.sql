-- SPDX-License-Identifier: MIT
-- The demonstration flights. Safe to run again: flights and seats that exist stay as they are, but a flight that has
-- departed gets a new departure time. Otherwise a trial that was started in the spring could sell nothing in the fall.

INSERT INTO flights (flight_id, flight_number, origin, destination, origin_time_zone, destination_time_zone,
                     departure_time, seat_rows, seat_layout, exit_rows, price_cents, currency)
VALUES
    ('FL123', 'FL123', 'BOS', 'DCA', 'America/New_York', 'America/New_York',
     TIMESTAMP(UTC_DATE() + INTERVAL 30 DAY, '14:30:00'), 10, 'A BC', '5', 12900, 'USD'),
    ('fl-101', 'FL101', 'NYC', 'LAX', 'America/New_York', 'America/Los_Angeles',
     TIMESTAMP(UTC_DATE() + INTERVAL 45 DAY, '15:00:00'), 20, 'ABC DEF', '10,11', 24900, 'USD'),
    ('fl-900', 'FL900', 'FRA', 'SIN', 'Europe/Berlin', 'Asia/Singapore',
     TIMESTAMP(UTC_DATE() + INTERVAL 60 DAY, '20:55:00'), 50, 'ABC DEF GHJ', '1,18,34', 68900, 'EUR')
ON DUPLICATE KEY UPDATE
    departure_time = IF(flights.departure_time <= UTC_TIMESTAMP(3), VALUES(departure_time), flights.departure_time);

INSERT INTO seats (flight_id, seat_number, seat_row, seat_column)
WITH RECURSIVE numbers (n) AS (
    SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50
)
SELECT f.flight_id,
       IF(f.flight_id = 'FL123', CONCAT(l.letter, r.n), CONCAT(r.n, l.letter)),
       r.n, l.letter
FROM flights f
JOIN numbers r ON r.n <= f.seat_rows
JOIN (SELECT n, SUBSTRING('ABCDEFGHJ', n, 1) AS letter FROM numbers WHERE n <= 9) l
  ON l.n <= CHAR_LENGTH(REPLACE(f.seat_layout, ' ', ''))
WHERE f.flight_id IN ('FL123', 'fl-101', 'fl-900')
  AND NOT EXISTS (SELECT 1 FROM seats s WHERE s.flight_id = f.flight_id);
