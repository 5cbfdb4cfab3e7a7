# SPDX-License-Identifier: MIT
"""Outages of parts, and of a whole stack: nothing is left half done, and everything recovers by itself."""

import contextlib
import datetime
import json
import os
import signal
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pymysql
import pytest

from audit import audit
from stack import ROOT, wait_for


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(RESERVATION_TIMEOUT="3s", PAYMENT_TIMEOUT="1s")


def refused_for_now(answer, *errors):
    assert answer.status in (502, 503) and answer.json["error"] in errors, answer
    assert int(answer.headers["Retry-After"]) >= 1


def test_database_away_and_back(stack, api):
    flight = stack.new_flight(rows=3)
    pool = stack.pids("booking-api"), stack.pids("sweeper"), stack.leaders("payment-gateway")
    with stack.without("mariadb"):
        # A request may still reach the server while it is dying.
        wait_for(lambda: api.get("/health").status == 503, 10)
        for answer in (api.get("/health"), api.get("/api/flights"), api.get(f"/api/flights/{flight}/seats"),
                       api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}),
                       api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}, headers={"Idempotency-Key": "outage"}),
                       api.get("/api/admin/jobs")):
            assert answer.refused(503, "DATABASE_UNAVAILABLE")
            assert int(answer.headers["Retry-After"]) >= 1
        assert api.get("/health/live").ok() == {"status": "ok"}
        api.get("/api/nothing").refused(404, "NOT_FOUND")
        api.post("/api/orders", body=b"{", headers={"Content-Type": "application/json"}).refused(400, "INVALID_JSON")
    # It recovers by itself, with the same processes.
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED", deadline=10)
    assert (stack.pids("booking-api"), stack.pids("sweeper"), stack.leaders("payment-gateway")) == pool
    retried = api.post("/api/orders", {"flightId": flight, "seats": ["A2"]}, headers={"Idempotency-Key": "outage-2"})
    retried.ok(201)


def test_connections_that_drop_anywhere(stack):
    """All connections to the database are cut every few moments. Clients repeat by key until they get an answer."""
    api, flights, customers = stack.api(), [stack.new_flight() for _ in range(6)], 6
    done = threading.Event()

    def cutter():
        root = stack.root_db()
        with root, root.cursor() as cursor:
            while not done.wait(0.02):
                cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'booking_app'")
                for (id_,) in cursor.fetchall():
                    with contextlib.suppress(pymysql.MySQLError):
                        cursor.execute(f"KILL {id_}")

    def repeat(path, body, key):
        def answered():
            answer = api.post(path, body, headers={"Idempotency-Key": key})
            return None if answer.status >= 500 or answer.status == 409 and answer.headers["Retry-After"] else answer
        # If a request could not even record that it failed, its key counts as running for half a minute.
        return wait_for(answered, 45, f"an answer to {path}", interval=0.02)

    def customer(n):
        orders = []
        for seat in (f"{letter}{row}" for row in range(1, 4) for letter in "ABC"):
            key = uuid.uuid4().hex
            order = repeat("/api/orders", {"flightId": flights[n], "seats": [seat]}, f"hold-{key}").ok(201)
            paid = repeat(f"/api/orders/{order['orderId']}/payment", {"paymentCode": "99999"}, f"pay-{key}")
            # The hold may have run out in the meantime.
            assert paid.status == 200 or paid.refused(409, "ORDER_EXPIRED")
            orders.append(order)
        return orders

    cut = threading.Thread(target=cutter)
    cut.start()
    try:
        with ThreadPoolExecutor(customers) as pool:
            orders = [order for each in pool.map(customer, range(customers)) for order in each]
    finally:
        done.set()
        cut.join()
    assert len({order["orderId"] for order in orders}) == 9 * customers
    for flight in flights:
        assert stack.query("SELECT COUNT(*) AS n FROM orders WHERE flight_id = %s", flight) == [{"n": 9}], "each once"
    for order in orders:
        stack.wait_status(order, "CONFIRMED", "EXPIRED", deadline=30)
    audit(stack)


def test_the_sweeper_finds_its_way_back_to_a_database_that_was_away(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "50401").ok()
    wait_for(lambda: stack.charge(order), 5)
    with stack.without("mariadb"):
        time.sleep(0.3)  # the attempt times out in this time
    confirmed = stack.wait_status(order, "CONFIRMED", "FAILED", deadline=40)
    wait_for(lambda: not stack.everything(order)["jobs"], 20)
    charge = stack.charge(order)
    assert (charge["status"] == "APPROVED") == (confirmed["status"] == "CONFIRMED")


def test_gateway_away_three_attempts_then_failed_and_voided_when_it_is_back(stack, api, flight):
    with stack.without("gateway"):
        order = api.hold(flight, "A1")
        api.pay(order, "99999").ok()
        failed = stack.wait_status(order, "FAILED", deadline=15)
        assert failed["paymentAttempts"] == 3 and failed["lastError"]
        assert api.seats(flight)["A1"] == "AVAILABLE"
        assert stack.has_job(order, "VOID_CHARGE"), "until the gateway answers"
    for job in stack.everything(order)["jobs"]:  # makes it due now, not after the next wait
        api.post(f"/api/admin/jobs/{job['job_id']}/retry")
    wait_for(lambda: not stack.has_job(order, "VOID_CHARGE"), 15, "the void to be answered")
    assert [e["outcome"] for e in api.events(order) if e["type"] == "VOID_ATTEMPT"][-1] == "VOIDED"


def test_pool_away_nginx_answers_in_the_apis_shape(stack, api):
    with stack.without("api"):
        for path in ("/api/flights", "/live/flights/FL123"):
            refused_for_now(api.get(path), "UNAVAILABLE", "DATABASE_UNAVAILABLE")
        wait_for(lambda: api.get("/health").status == 503, 5, "/health to say that there is no pool")
        assert api.get("/health/live").status == 200
        assert api.get("/").status == 200, "the page needs no pool"


def test_an_internal_error_says_nothing_about_the_inside(stack, flight):
    """A missing table is our fault and not the customer's, and the answer must not tell of it."""
    api = stack.api()
    api.plain = True  # otherwise the client fails on a 500
    root = stack.root_db()
    with root, root.cursor() as cursor:
        cursor.execute("RENAME TABLE flight_booking.workflow_events TO flight_booking.elsewhere")
        try:
            answer = api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}, headers={"X-Request-Id": "broken-1"})
        finally:
            cursor.execute("RENAME TABLE flight_booking.elsewhere TO flight_booking.workflow_events")
    problem = answer.refused(500, "INTERNAL")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert problem["requestId"] == "broken-1"
    assert not {"workflow_events", "table", "SQL", "flight_booking"} & set(problem["detail"].split())
    assert "broken-1" in stack.logs(), "the operator finds it"
    assert stack.query("SELECT COUNT(*) AS n FROM orders WHERE flight_id = %s", flight) == [{"n": 0}], "nothing half done"
    stack.api().hold(flight, "A1")


def server_pid(stack):
    """The process of the database, MariaDB or MySQL; None while there is none."""
    try:
        pid = int((stack.data_dir / "run/mysql.pid").read_text())
        os.kill(pid, 0)
        return pid
    except (OSError, ValueError):
        return None


def test_killed_database_loses_no_answer_it_gave(stack, api, flight):
    """An order that was answered 201 is there after a crash: innodb_flush_log_at_trx_commit=1."""
    orders = [api.hold(flight, f"A{n}") for n in range(1, 6)]
    pid = server_pid(stack)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: server_pid(stack) not in (None, pid) and stack.healthy(), 30, "the database to be restarted")
    for order in orders:
        assert api.order(order)["seats"] == order["seats"]


def test_stop_and_start_keeps_bookings_and_fires_due_timers(stack, api):
    # A flight with a cabin of its own, or the start would give it one, and its seats would differ.
    booked = api.hold(stack.new_own_flight()[0], "3A")
    api.pay(booked, "99999").ok()
    stack.wait_status(booked, "CONFIRMED")
    wait_for(lambda: not stack.everything(booked)["jobs"], 5)
    before = stack.everything(booked)
    stack.stop_program("sweeper")
    paying, held = (api.hold(stack.new_flight(), "A2") for _ in range(2))
    api.pay(paying, "99999").ok()
    held = api.change(held, "B2").ok()

    stack.stop(keep_data=True)
    assert stack.all_pids() == [], "stopping leaves no process"
    ends = datetime.datetime.fromisoformat(held["expiresAt"])
    wait_for(lambda: datetime.datetime.now(datetime.timezone.utc) > ends, 5)
    stack.start()

    assert stack.everything(booked) == before
    wait_for(lambda: stack.row(held)["status"] == "EXPIRED", 5, "the timer that ran out meanwhile to fire")
    stack.wait_status(paying, "CONFIRMED")
    assert api.order(held)["status"] == "EXPIRED"
    assert api.seats(held["flightId"])["B2"] == "AVAILABLE"


def test_starting_twice_is_harmless(stack, api):
    pool = stack.pids("booking-api")
    stack.start()
    assert stack.pids("booking-api") == pool


def test_two_migrations_at_once(stack):
    """Migrations run in order and once, even if two processes start at the same time, here on an empty database."""
    root = stack.root_db()
    credentials = json.loads((stack.data_dir / "credentials").read_text())
    with root, root.cursor() as cursor:
        cursor.execute("CREATE DATABASE twice")
        cursor.execute("GRANT ALL ON twice.* TO booking_owner@localhost")
    dsn = f"booking_owner:{credentials['booking_owner']}@unix({stack.data_dir}/run/mysql.sock)/twice"
    running = [stack.popen("migrate", str(ROOT / "sql"), "--demo-flights", MIGRATION_DSN=dsn) for _ in range(4)]
    for migrate in running:
        out, err = migrate.communicate(timeout=30)
        assert migrate.returncode == 0, out + err
    root = stack.root_db()
    with root, root.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM twice.seats WHERE flight_id = 'FL123'")
        assert cursor.fetchone() == (30,)
        cursor.execute("SELECT COUNT(*) FROM twice.schema_migrations")
        assert cursor.fetchone()[0] == len(list((ROOT / "sql").glob("[0-9]*.sql")))
        cursor.execute("DROP DATABASE twice")
