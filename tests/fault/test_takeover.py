# SPDX-License-Identifier: MIT
"""Another server takes over at the moment of a COMMIT, and has not applied it yet: a customer is not told that the seats
are taken which the customer's own order holds.

The second server is an asynchronous replica that is written to, which nobody should have. Here it shows in one place
what on a cluster is a matter of milliseconds. tests/cluster has real ones.
"""

import uuid

import pymysql
import pytest

from database_proxy import DatabaseProxy
from pair import Pair
from stack import free_port

SEAT_LOCK = b"FROM seats FORCE INDEX"
@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    pair = Pair(tmp_path_factory.mktemp("pair"), free_port())
    yield pair
    pair.end()


@pytest.fixture(scope="module")
def line(pair, tmp_path_factory):
    line = DatabaseProxy(tmp_path_factory.mktemp("line") / "line.sock", pair.first.socket)
    yield line
    line.close()


@pytest.fixture(scope="module")
def stack(pair, line, broken_stack):
    for database in ("flight_booking", "payment_gateway"):
        pair.first.query(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    pair.first.query("CREATE USER app@localhost IDENTIFIED BY 'app'")
    pair.first.query("GRANT ALL ON *.* TO app@localhost")
    direct = f"app:app@unix({pair.first.socket})"
    stack = broken_stack(DATABASE_DSN=line.dsn(f"{direct}/flight_booking"), MIGRATION_DSN=f"{direct}/flight_booking",
                         GATEWAY_DATABASE_DSN=f"{direct}/payment_gateway", GATEWAY_MIGRATION_DSN=f"{direct}/payment_gateway",
                         API_WORKERS=2, GATEWAY_WORKERS=1, SWEEPERS=0)
    stack.db = lambda variable=None: pymysql.connect(unix_socket=str(pair.first.socket), user="root", autocommit=True,
                                                     database="flight_booking")
    return stack


@pytest.fixture(autouse=True)
def back_to_the_first(pair, line, stack):
    yield
    line.plan, line.standby, line.before, line.cuts = [], None, [], 0
    line.server = str(pair.first.socket)
    line.cut()
    pair.catch_up()


def take_over(pair, line, statement, number=1):
    """The next COMMIT loses its answer, and all connections then lead to the second server. It applies the COMMIT only
    before the number-th such statement that it gets."""
    pair.fall_behind()
    line.plan, line.standby = ["after"], str(pair.second.socket)

    def again(left):
        return pair.catch_up if left == 1 else lambda: line.before.append((statement, again(left - 1)))
    line.before = [(statement, again(number))]


def events(server, order, kind):
    return len(server.query("SELECT 1 FROM workflow_events WHERE order_id = %s AND type = %s", order["orderId"], kind,
                            database="flight_booking"))


@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed"])
def test_a_hold_is_not_refused_for_the_seats_it_holds(pair, line, stack, api, flight, keyed):
    """The look-up finds nothing, and the second try finds its own seats taken: the order of the first try exists."""
    headers = {"Idempotency-Key": uuid.uuid4().hex} if keyed else {}
    wanted = {"flightId": flight, "seats": ["A1", "B1"], "userId": "traveler"}
    take_over(pair, line, SEAT_LOCK)
    answer = api.post("/api/orders", wanted, headers=headers)
    assert answer.status == 201, answer
    assert line.cuts == 1 and not line.before, "nothing was lost, or the second server was not asked for the seats"
    order = answer.json
    assert order["seats"] == ["A1", "B1"] and order["version"] == 1 and answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/api/orders/{order['orderId']}"
    now = api.order(order)
    assert all(order[field] == now[field] for field in ("status", "seats", "expiresAt", "createdAt", "totalPriceCents"))
    for server in (pair.first, pair.second):
        assert events(server, order, "SEATS_RESERVED") == 1
    if keyed:
        again = api.post("/api/orders", wanted, headers=headers)
        assert again.headers["Idempotency-Replayed"] == "true" and again.json["orderId"] == order["orderId"]
    # Another customer is refused, in truth.
    api.post("/api/orders", {**wanted, "userId": "another"}).refused(409, "SEATS_UNAVAILABLE")


CHANGES = {
    "SEATS_CHANGED": lambda api, order, **kw: api.change(order, "C1", **kw),
    "PAYMENT_SUBMITTED": lambda api, order, **kw: api.pay(order, **kw),
    "ORDER_CANCELLED": lambda api, order, **kw: api.cancel(order, **kw),
}


@pytest.mark.parametrize("event", CHANGES)
def test_a_change_is_not_refused_for_what_it_did_itself(pair, line, stack, api, flight, event):
    order = api.hold(flight, "A1")
    take_over(pair, line, b"START TRANSACTION", 2)
    answer = CHANGES[event](api, order, headers={"If-Match": '"1"'})
    assert answer.status == 200 and answer.json["version"] == 2, answer
    assert line.cuts == 1
    assert events(pair.second, order, event) == 1


def test_a_refusal_that_is_true_stays_one(pair, line, stack, api, flight):
    """The COMMIT never came to any server, and meanwhile another customer took the seat."""
    other = api.hold(flight, "B1")
    pair.fall_behind()

    def taken_by_another():
        pair.second.query("UPDATE seats SET status = 'RESERVED', reserved_by = %s WHERE flight_id = %s AND seat_number = 'A1'",
                          other["orderId"], flight, database="flight_booking")
    line.plan, line.standby, line.before = ["before"], str(pair.second.socket), [(SEAT_LOCK, taken_by_another)]
    api.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "late"}).refused(409, "SEATS_UNAVAILABLE")
    assert line.cuts == 1 and not line.before


def test_a_connection_that_is_cut_before_commit_is_not_noticed(line, stack, api, flight):
    """As by a proxy that leads to another server from now on."""
    line.cut()  # so that the statement is prepared anew, and its text is seen
    line.cuts, line.before = 1, [(b"INSERT INTO orders", line.cut)]
    answer = api.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "cut"})
    assert answer.status == 201 and not line.before, answer
    assert len(stack.query("SELECT 1 FROM orders WHERE flight_id = %s", flight)) == 1
