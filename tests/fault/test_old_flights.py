# SPDX-License-Identifier: MIT
"""Flights of the version before get their cabins while customers book on them. OLD_SEATS=1000000 makes it a long one."""

import json
import os
import random
import subprocess
import threading
import time

from client import new_user
from stack import BUILD, ROOT

SEATS = int(os.environ.get("OLD_SEATS") or 20000)
PER_FLIGHT = 450
LONGEST_HOLD_S = 2.0


def add_flights(stack, count):
    with stack.db() as connection, connection.cursor() as cursor:
        for begin in range(1, count + 1, 500):
            cursor.execute("INSERT INTO flights (flight_id, flight_number, origin, destination, origin_time_zone, departure_time, seat_rows,"
                           " seat_layout, exit_rows, price_cents, currency)"
                           " WITH RECURSIVE n (n) AS (SELECT %s UNION ALL SELECT n + 1 FROM n WHERE n < %s)"
                           " SELECT CONCAT('old-', n), 'OLD', 'FRA', 'SIN', 'Europe/Berlin', UTC_TIMESTAMP(3) + INTERVAL 30 + n MOD 300 DAY,"
                           " 50, 'ABC DEF GHJ', '1,18,34', 12900, 'EUR' FROM n", (begin, min(begin + 499, count)))
        for begin in range(1, count + 1, 100):
            cursor.execute("INSERT INTO seats (flight_id, seat_number, seat_row, seat_column) WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL"
                           " SELECT n + 1 FROM r WHERE n < 50), f (n) AS (SELECT %s UNION ALL SELECT n + 1 FROM f WHERE n < %s)"
                           " SELECT CONCAT('old-', f.n), CONCAT(r.n, c.c), r.n, c.c FROM f JOIN r JOIN (SELECT 'A' AS c UNION SELECT 'B' UNION"
                           " SELECT 'C' UNION SELECT 'D' UNION SELECT 'E' UNION SELECT 'F' UNION SELECT 'G' UNION SELECT 'H' UNION SELECT 'J') c",
                           (begin, min(begin + 99, count)))


class Customer(threading.Thread):
    """Books on flights that migrate is about to come to, and keeps every other hold."""

    def __init__(self, stack, count, number):
        super().__init__(daemon=True)
        self.stack, self.count, self.column = stack, count, "ABCDEFGHJ"[number]
        self.stop, self.took, self.kept, self.error = threading.Event(), [], [], None

    def run(self):
        api = self.stack.api()
        try:
            while not self.stop.is_set():
                flight, seat = f"old-{random.randint(1, self.count)}", f"{random.randint(1, 50)}{self.column}"
                begin = time.monotonic()
                answer = api.post(f"/api/flights/{flight}/orders", {"userId": new_user(), "seats": [seat]})
                self.took.append(time.monotonic() - begin)
                if answer.status == 409:
                    continue
                order = answer.ok(201)
                assert order["seatPrices"] == [12900]
                if len(self.took) % 2:
                    self.kept.append((order["orderId"], flight, seat))
                else:
                    api.cancel(order).ok()
        except Exception as error:
            self.error = error


def test_customers_book_meanwhile(own_stack):
    stack, count = own_stack(RATE_LIMIT_HOLDS="10000r/s"), max(1, SEATS // PER_FLIGHT)
    add_flights(stack, count)
    customers = [Customer(stack, count, number) for number in range(4)]
    for customer in customers:
        customer.start()
    password = json.loads((stack.data_dir / "credentials").read_text())["booking_owner"]
    dsn = f"booking_owner:{password}@unix({stack.data_dir}/run/mysql.sock)/flight_booking"
    before = [len(customer.took) for customer in customers]
    begin = time.monotonic()
    done = subprocess.run([BUILD / "migrate", ROOT / "sql"], env={**os.environ, "MIGRATION_DSN": dsn}, text=True, capture_output=True, timeout=3600)
    took = time.monotonic() - begin
    for customer in customers:
        customer.stop.set()
        customer.join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [customer.error for customer in customers] == [None] * len(customers)
    holds = [each for customer, since in zip(customers, before) for each in customer.took[since:]]
    print(f"\n{count * PER_FLIGHT} seats in {took:.1f} s; {len(holds)} holds meanwhile, the longest {max(holds, default=0) * 1000:.0f} ms")
    assert max(holds, default=0) < LONGEST_HOLD_S
    assert stack.query("SELECT COUNT(*) AS n FROM seats WHERE flight_id LIKE 'old-%%' AND (features IS NULL OR cabin_class IS NULL)")[0]["n"] == 0
    assert stack.query("SELECT COUNT(*) AS n FROM flights WHERE flight_id LIKE 'old-%%' AND (cabin_id IS NULL OR departure_day IS NULL)")[0]["n"] == 0
    for order, flight, seat in (each for customer in customers for each in customer.kept):
        row, = stack.query("SELECT reserved_by FROM seats WHERE flight_id = %s AND seat_number = %s", flight, seat)
        assert row["reserved_by"] == order, "a hold was lost"
