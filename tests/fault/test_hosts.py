# SPDX-License-Identifier: MIT
"""A host that vanishes with a transaction open, and a host that can no longer look up the database's name."""

import json
import os
import signal
import time

import pytest

import audit
from database_proxy import DatabaseProxy
from host import DATABASE, OWN_NETWORK, Host
from stack import wait_for
from test_waits import timed

pytestmark = OWN_NETWORK


@pytest.fixture(scope="module")
def stack(own_stack):
    """The database, with an ordinary API."""
    return own_stack(SWEEPERS=0, RESERVATION_TIMEOUT="10m", API_WORKERS=4, GATEWAY_WORKERS=4)


@pytest.fixture
def host(stack, broken_stack, tmp_path):
    """Starts another host of the same system, with an API (and, if asked for, a sweeper)."""
    host = Host(tmp_path)

    def start(**settings):
        environment = stack.programs_environment()
        account = environment["DATABASE_DSN"].partition("@")[0]
        password = json.loads((stack.data_dir / "credentials").read_text())["booking_owner"]
        host.line = DatabaseProxy(DATABASE, stack.data_dir / "run/mysql.sock", host.listen())
        host.start({"DATABASE_DSN": f"{account}@tcp(db.example.test:3306)/flight_booking", "SWEEPERS": 0, "API_WORKERS": 4,
                    "MIGRATION_DSN": f"booking_owner:{password}@unix({stack.data_dir}/run/mysql.sock)/flight_booking",
                    "PAYMENT_GATEWAY_URL": environment["PAYMENT_GATEWAY_URL"], "PAYMENT_SIMULATOR": "false",
                    "PAYMENT_TIMEOUT": "1s", **settings}, broken_stack)
        return host
    yield start
    if host.stack:
        host.stack.stop()
        host.line.close()
    host.end()


def transactions(stack):
    """The API's sessions that have written and have not committed. (The server's own threads write, too: statistics.)"""
    return [row["id"] for row in stack.query(
        "SELECT t.trx_mysql_thread_id AS id FROM information_schema.innodb_trx t"
        " JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id"
        " WHERE t.trx_rows_modified > 0 AND p.user = %s", stack.programs_environment()["DATABASE_DSN"].partition(":")[0])]


def test_a_host_that_vanishes_in_mid_transaction_frees_its_seats_within_a_minute(stack, api, flight, host):
    """The server does not learn that the transaction or the connection has ended. Its session gives up by itself."""
    host = host()
    host.line.plan = ["never"]
    host.clients.submit(host.stack.api().post, "/api/orders", {"flightId": flight, "seats": ["A1", "B1"]})
    assert host.line.withheld.wait(10), "the hold did not come to its COMMIT"
    (left,) = transactions(stack)
    silent_since = host.vanish()

    def held():
        is_open, begun = left in transactions(stack), time.monotonic()
        answer = api.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "patient"})
        if answer.status == 201:
            return answer.json
        answer.refused(503, "DATABASE_UNAVAILABLE")
        assert is_open and time.monotonic() - begun < 5
        return None
    order = wait_for(held, 60, "the seat to be free", interval=2)
    took = time.monotonic() - silent_since
    assert 30 < took <= 60, "not sooner, or the session had ended for another reason"
    assert api.order(order)["seats"] == ["A1"] and api.seats(flight)["B1"] == "AVAILABLE"
    assert stack.query("SELECT order_id FROM orders WHERE flight_id = %s", flight) == [{"order_id": order["orderId"]}]
    audit.audit(stack)


def test_a_silent_name_server_of_the_database_costs_a_request_seconds_and_no_more(stack, flight, host):
    """getaddrinfo() takes ten seconds or more, and the client libraries call it again."""
    host = host(SWEEPERS=1)
    api, wanted = host.stack.api(), {"flightId": flight, "seats": ["A1"]}
    (sweeper,) = host.stack.pids("sweeper")

    def ask(*call, **more):
        return host.clients.submit(lambda: timed(lambda: call[0](*call[1:], **more)))
    ask(api.get, "/health").result()[0].ok()
    host.forget_the_database()
    host.line.cut()
    holds = [ask(api.post, "/api/orders", wanted, headers=headers) for headers in ({}, {"Idempotency-Key": "silent"})]
    for path, status, limit in (("/health/live", 200, 1), ("/health", 503, 5), ("/metrics", 200, 5)):
        answer, seconds = ask(api.get, path).result()
        assert answer.status == status and seconds < limit, f"{path}: {answer.status} after {seconds:.1f} s"
    for hold in holds:
        answer, seconds = hold.result()
        answer.refused(503, "DATABASE_UNAVAILABLE")
        assert seconds < 10
    os.kill(sweeper, signal.SIGTERM)
    wait_for(lambda: sweeper not in host.stack.pids("sweeper"), 2.5, "the sweeper to end: PAYMENT_TIMEOUT + 1 s")
    # The same processes recover by themselves.
    host.know_the_database()
    wait_for(lambda: ask(api.get, "/health").result()[0].status == 200, 15)
    ask(api.post, "/api/orders", wanted, headers={"Idempotency-Key": "silent-2"}).result()[0].ok(201)
