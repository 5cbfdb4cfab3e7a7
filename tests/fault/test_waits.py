# SPDX-License-Identifier: MIT
"""Waits must not bring the service down: locks held for a long time, a database that hangs, idle connections."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from gate import gate
from stack import wait_for


def crowd(stack, count, call):
    """Starts this many clients at the same time. Wait for them with join()."""
    threads = [threading.Thread(target=lambda n=n: call(stack.api(), n)) for n in range(count)]
    for thread in threads:
        thread.start()
    return threads


def timed(call):
    begun = time.monotonic()
    answer = call()
    return answer, time.monotonic() - begun


def monitoring_is_quick(stack, health):
    """Checks that monitoring is quick, even for several monitors at once that ask for everything."""
    with ThreadPoolExecutor(5) as monitors:
        def ask(path):
            return monitors.submit(timed, lambda: stack.api().get(path))
        checks = [(ask("/health"), ask("/metrics")) for _ in range(2)]
        time.sleep(0.1)     # by now they wait for the database, if anything does
        answer, seconds = ask("/health/live").result()
        assert answer.status == 200 and seconds < 1
        for of_health, of_metrics in checks:
            answer, seconds = of_health.result()
            assert answer.status == health and seconds < 5
            answer, seconds = of_metrics.result()
            assert answer.status == 200 and seconds < 5
    return answer.body.decode()


def test_a_seat_that_is_locked_for_long_holds_up_no_other_flight(stack, api, flight):
    """This holds even if more customers than there are processes keep asking for the locked seat."""
    other, done = stack.new_flight(), threading.Event()

    def insist(client, n):
        while not done.is_set():
            client.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": f"crowd {n}"})
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = 'A1'", flight):
        clients = crowd(stack, 24, insist)
        try:
            wait_for(lambda: stack.api().post("/api/orders", {"flightId": flight, "seats": ["A1"]}).status == 503, 5, "refusals")
            for seat in ("A1", "A2", "A3", "A4"):
                answer, seconds = timed(lambda seat=seat: api.post("/api/orders", {"flightId": other, "seats": [seat]}))
                assert answer.status == 201 and seconds < 2, f"{answer.status} after {seconds:.1f} s"
            answer, seconds = timed(lambda: api.get(f"/api/flights/{other}/seats"))
            assert answer.status == 200 and seconds < 2
            monitoring_is_quick(stack, 200)
        finally:
            done.set()
    for client in clients:
        client.join()


def test_connections_that_idle_hold_no_process(stack, api, flight):
    """After a burst of reads nginx keeps connections to half of the pool. A hold does not wait for those processes."""
    other = stack.new_flight()
    for _ in range(5):
        for client in crowd(stack, 60, lambda client, n: client.get(f"/api/flights?limit={n + 1}")):
            client.join()
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = 'A1'", flight) as held:
        clients = crowd(stack, 8, lambda client, n: client.post("/api/orders", {"flightId": flight, "seats": ["A1"]}))
        held.wait_for_queue(1)
        answer, seconds = timed(lambda: api.post("/api/orders", {"flightId": other, "seats": ["B1"]}))
        assert answer.status == 201 and seconds < 2
    for client in clients:
        client.join()


def test_a_tables_lock(stack, api):
    """During ALTER, LOCK TABLES or a dump, requests that need the table are refused soon, and others are answered."""
    db = stack.root_db()
    with db, db.cursor() as cursor:
        cursor.execute("LOCK TABLES flight_booking.flights WRITE")
        answers = []
        clients = crowd(stack, 24, lambda client, n: answers.append(timed(lambda: client.get(f"/api/flights?limit={n + 1}"))))
        monitoring_is_quick(stack, 200)
        for client in clients:
            client.join()
        cursor.execute("UNLOCK TABLES")
    assert {answer.status for answer, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < 10
    api.get("/api/flights").ok()


def test_a_database_that_hangs(stack, api):
    for client in crowd(stack, 60, lambda client, n: client.get(f"/api/flights?limit={n + 1}")):
        client.join()
    server = int((stack.data_dir / "run/mysql.pid").read_text())
    os.kill(server, signal.SIGSTOP)
    try:
        clients = crowd(stack, 24, lambda client, n: client.get(f"/api/flights?limit={n + 1}"))
        for _ in range(2):
            assert "booking_database_up 0" in monitoring_is_quick(stack, 503)
    finally:
        os.kill(server, signal.SIGCONT)
    for client in clients:
        client.join()
    wait_for(lambda: api.get("/health").status == 200, 10)
    assert "booking_database_up 1" in api.get("/metrics").body.decode()


def test_a_database_that_may_only_be_read(stack, api):
    db = stack.root_db()
    with db, db.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        try:
            assert monitoring_is_quick(stack, 503)
        finally:
            cursor.execute("SET GLOBAL read_only = 0")
    assert api.get("/health").status == 200
