# SPDX-License-Identifier: MIT
"""Lists of flights and maps of seats come from a replica, as long as it has caught up; all else, and everything while it
has not, comes from the primary."""

import time

import pymysql
import pytest

from pair import Pair
from stack import free_port, wait_for

MARK = 77700  # a price that only the second server knows


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    pair = Pair(tmp_path_factory.mktemp("pair"), free_port())
    yield pair
    pair.end()


@pytest.fixture(scope="module")
def stack(pair, broken_stack):
    for database in ("flight_booking", "payment_gateway"):
        pair.first.query(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    pair.first.query("CREATE USER app@localhost IDENTIFIED BY 'app'")
    pair.first.query("GRANT ALL ON *.* TO app@localhost")
    first, second = (f"app:app@unix({server.socket})" for server in (pair.first, pair.second))
    stack = broken_stack(DATABASE_DSN=f"{first}/flight_booking", MIGRATION_DSN=f"{first}/flight_booking",
                         DATABASE_READ_DSN=f"{second}/flight_booking", GATEWAY_DATABASE_DSN=f"{first}/payment_gateway",
                         GATEWAY_MIGRATION_DSN=f"{first}/payment_gateway", API_WORKERS=2, GATEWAY_WORKERS=1, SWEEPERS=1)
    stack.db = lambda variable=None: pymysql.connect(unix_socket=str(pair.first.socket), user="root", autocommit=True,
                                                     database="flight_booking")
    return stack


@pytest.fixture
def marked(pair, stack):
    """A flight whose price differs on the second server."""
    flight = stack.new_flight(origin="QRA")
    pair.catch_up()
    pair.second.query("UPDATE flights SET price_cents = %s WHERE flight_id = %s", MARK, flight, database="flight_booking")
    wait_for(lambda: price(stack.api(), flight) == MARK, 5, "an answer by the replica")
    return flight


def price(api, flight):
    return api.get(f"/api/flights/{flight}").ok()["priceCents"]


def status(api, flight, seat):
    return {s["seatNumber"]: s["status"] for s in api.get(f"/api/flights/{flight}/seats").ok()["seats"]}[seat]


def test_lists_and_maps_are_the_replicas_and_orders_are_not(stack, api, marked):
    listed = api.get("/api/flights?origin=QRA").ok()["flights"]
    assert [f["priceCents"] for f in listed if f["id"] == marked] == [MARK]
    order = api.post("/api/orders", {"flightId": marked, "seats": ["A1"]}).ok(201)
    assert order["totalPriceCents"] == 12900, "a hold read its price from the replica"
    assert api.get(f"/api/orders/{order['orderId']}").ok()["status"] == "SEATS_RESERVED"
    wait_for(lambda: status(api, marked, "A1") == "RESERVED", 3, "the hold on the map")


def test_no_answer_is_more_than_two_seconds_old(pair, stack, api, marked):
    pair.fall_behind()
    try:
        api.post("/api/orders", {"flightId": marked, "seats": ["B2"]}).ok(201)
        began = time.monotonic()
        wait_for(lambda: status(api, marked, "B2") == "RESERVED", 5, "the hold, although the replica does not have it")
        assert time.monotonic() - began < 2.0
        for _ in range(20):  # each process of the API has found out
            assert status(api, marked, "B2") == "RESERVED"
        assert price(api, marked) == 12900, "the replica answered although it is behind"
    finally:
        pair.catch_up()
    wait_for(lambda: price(api, marked) == MARK, 5, "the replica, which is back")


def test_a_replica_that_dies_is_not_noticed(pair, stack, api, marked):
    pair.second.process.kill()
    pair.second.process.wait()
    for _ in range(30):
        assert price(api, marked) == 12900
        time.sleep(0.05)
