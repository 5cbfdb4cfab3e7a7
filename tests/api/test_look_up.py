# SPDX-License-Identifier: MIT
"""The way back to an order for whoever has no account: its locator, and the name or the e-mail address of a person."""

import concurrent.futures
import uuid

import pytest

from client import new_user
from fastcgi import Direct
from persons import add_person, give_locator, name_in
from shapes import seconds, when
from stack import wait_for

FAILURES = 10


def look_up(api, locator, family_name=None, **by):
    return api.post("/api/bookings/find", {"locator": locator, **({"familyName": family_name} if family_name else {}), **by})


def with_token(stack, token, **variables):
    return Direct(stack, {"Authorization": f"Bearer {token}"}, **variables)


def lookups(stack):
    text = stack.api().get("/metrics").body.decode()
    return {outcome: int(text.split(f'booking_lookups_total{{outcome="{outcome}"}} ')[1].split("\n")[0])
            for outcome in ("found", "failed", "limited")}


@pytest.fixture
def order(stack, api, flight):
    """A confirmed order of two persons, of whom one gave an e-mail address."""
    order = api.hold(flight, "A1", "A2")
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    add_person(stack, order, "O'Connor-Müller", "grace@example.com", kind="CONTACT")
    add_person(stack, order, "Łukasz Ødegård")
    stack.query("UPDATE persons SET family_key = 'lukaszodegard' WHERE order_id = %s AND family_name LIKE '%%kasz%%'", order["orderId"])
    return api.order(order)


@pytest.mark.parametrize("by", [
    {"familyName": "O'Connor-Müller"}, {"familyName": "oconnor muller"}, {"familyName": "O\u2019CONNOR MU\u0308LLER"},
    {"familyName": "\u0142ukasz odeg\u00e5rd"}, {"familyName": "LUKASZODEGARD"}, {"email": "grace@example.com"},
    {"email": " Grace@Example.COM "}], ids=str)
def test_it_is_found_however_it_is_typed(stack, api, order, by):
    locator = order["locator"]
    for typed in (locator, locator.lower(), f" {locator[:3]}-{locator[3:]} "):
        found = look_up(api, typed, **by).ok()
        assert found["orderId"] == order["orderId"]
    form = api.post("/api/bookings/find", form={"locator": locator, **by}).ok()
    assert form["orderId"] == order["orderId"] and form["token"] != found["token"]


def test_the_token_opens_its_order_and_no_other(signed_in_stack):
    stack = signed_in_stack
    owner, flight = Direct(stack, REMOTE_USER="ada@example.com"), stack.new_flight()
    mine, other = (owner.post("/api/orders", {"flightId": flight, "seats": [seat]}).ok(201) for seat in ("A1", "B1"))
    locator = name_in(stack, mine, "Lovelace")
    found = look_up(Direct(stack), locator, "LOVELACE").ok()
    holder = with_token(stack, found["token"])
    path, others = f"/api/orders/{mine['orderId']}", f"/api/orders/{other['orderId']}"
    assert [holder.get(path + suffix).status for suffix in ("", "/status", "/events")] == [200] * 3
    assert [holder.get(others + suffix).status for suffix in ("", "/status", "/events")] == [404] * 3
    holder.put(f"{path}/seats", {"seats": ["A2"]}).ok()
    holder.put(f"{others}/seats", {"seats": ["B2"]}).refused(404, "ORDER_NOT_FOUND")
    holder.delete(others).refused(404, "ORDER_NOT_FOUND")
    holder.get("/api/orders").refused(404, "ORDER_NOT_FOUND")
    holder.post("/api/orders", {"flightId": flight, "seats": ["C1"]}).refused(403, "FORBIDDEN")
    holder.get("/api/admin/orders").refused(403, "FORBIDDEN")
    # Without it a stranger sees nothing, and with it the order may be canceled.
    Direct(stack).get(path).refused(401, "UNAUTHORIZED")
    assert holder.delete(path).ok()["status"] == "CANCELLED"


def test_the_token_lasts_an_hour(stack, api, order):
    found = look_up(api, order["locator"], email="grace@example.com").ok()
    assert 3590 < seconds(api.order(order)["serverTime"], found["expiresAt"]) < 3601
    holder = with_token(stack, found["token"])
    assert holder.get("/api/me").ok()["orderId"] == order["orderId"]
    stack.query("UPDATE order_tokens SET expires_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
    holder.get("/api/me").refused(401, "UNAUTHORIZED")
    holder.get(f"/api/orders/{order['orderId']}").refused(401, "UNAUTHORIZED")


def test_nothing_else_of_the_token_is_kept(stack, api, order):
    key = uuid.uuid4().hex
    found = api.post("/api/bookings/find", {"locator": order["locator"], "email": "grace@example.com"},
                     headers={"Idempotency-Key": key}).ok()
    again = api.post("/api/bookings/find", {"locator": order["locator"], "email": "grace@example.com"},
                     headers={"Idempotency-Key": key}).ok()
    assert found["token"] != again["token"], "each has a token of its own"
    kept = stack.query("SELECT token_hash = UNHEX(SHA2(%s, 256)) AS is_hash FROM order_tokens WHERE order_id = %s",
                       found["token"], order["orderId"])
    assert sorted(row["is_hash"] for row in kept) == [0, 1]
    assert stack.query("SELECT COUNT(*) AS n FROM idempotency_keys WHERE key_hash = UNHEX(SHA2(%s, 256))", key) == [{"n": 0}]
    wait_for(lambda: "/api/bookings/find" in (stack.data_dir / "logs/access.log").read_text(), 5)
    logs = stack.logs()
    for private in (found["token"], found["token"][4:], "grace@example.com"):
        assert private not in logs


def test_failures_all_look_the_same(stack, api, flight, order):
    other = api.hold(flight, "B1")
    others = name_in(stack, other, "Hopper", "hopper@example.com")
    nameless = api.hold(flight, "B2")
    give_locator(stack, nameless)
    add_person(stack, nameless, None)
    stack.query("UPDATE persons SET family_key = '' WHERE order_id = %s", other["orderId"])
    locator = order["locator"]
    failures = [look_up(api, locator, "Hopper"), look_up(api, others, "O'Connor-Müller"), look_up(api, "222222", "Hopper"),
                look_up(api, "nonsense", "Hopper"), look_up(api, "", "Hopper"), look_up(api, locator, "-"), look_up(api, others, "-"),
                look_up(api, locator, email="hopper@example.com"), look_up(api, locator, email="O'Connor-Müller"),
                look_up(api, locator, "grace@example.com"), look_up(api, give_locator(stack, nameless), "-"),
                look_up(api, locator, "x" * 5000), look_up(api, locator, email="x" * 5000)]
    for failure in failures:
        failure.refused(404, "ORDER_NOT_FOUND")
        assert {**failure.json, "requestId": ""} == {**failures[0].json, "requestId": ""}
        assert set(failure.headers.keys()) == set(failures[0].headers.keys())


@pytest.mark.parametrize("body, field", [
    ({}, "locator"), ({"familyName": "Hopper"}, "locator"), ({"locator": "222222"}, "familyName"),
    ({"locator": "222222", "familyName": "Hopper", "email": "hopper@example.com"}, "familyName"),
    ({"locator": 222222, "familyName": "Hopper"}, "locator"), ({"locator": "222222", "familyName": ["Hopper"]}, "familyName"),
    ({"locator": "222222", "email": {}}, "email")])
def test_what_is_no_question_is_refused(api, body, field):
    assert api.post("/api/bookings/find", body).refused(400, "INVALID_REQUEST")["field"] == field


def test_after_ten_failures_the_right_name_fails_too(stack, api, flight, order):
    locator, before = order["locator"], lookups(stack)
    for _ in range(3 * FAILURES):
        look_up(api, locator, "O'Connor-Müller").ok()
    failures = [look_up(api, locator, f"Guess{n}") for n in range(FAILURES)]
    found = look_up(api, locator, "O'Connor-Müller")
    found.refused(404, "ORDER_NOT_FOUND")
    assert {**found.json, "requestId": ""} == {**failures[0].json, "requestId": ""}
    look_up(api, locator, email="grace@example.com").refused(404, "ORDER_NOT_FOUND")
    now = lookups(stack)
    assert {outcome: now[outcome] - before[outcome] for outcome in now} == {"found": 30, "failed": 10, "limited": 2}
    # Another order is found as ever.
    other = api.hold(flight, "B1")
    assert look_up(api, name_in(stack, other, "Hopper"), "Hopper").ok()["orderId"] == other["orderId"]
    # The hour begins with the first failure.
    stack.query("UPDATE lookup_failures SET since = UTC_TIMESTAMP(3) - INTERVAL 59 MINUTE WHERE asked_for = UNHEX(SHA2(%s, 256))", locator)
    look_up(api, locator, "O'Connor-Müller").refused(404, "ORDER_NOT_FOUND")
    stack.query("UPDATE lookup_failures SET since = UTC_TIMESTAMP(3) - INTERVAL 61 MINUTE WHERE asked_for = UNHEX(SHA2(%s, 256))", locator)
    assert look_up(api, locator, "O'Connor-Müller").ok()["orderId"] == order["orderId"]


def test_a_locator_that_was_never_given_is_limited_alike(stack, api):
    before = lookups(stack)
    for n in range(FAILURES + 3):
        look_up(api, "XXXXX3", f"Guess{n}").refused(404, "ORDER_NOT_FOUND")
    now = lookups(stack)
    assert (now["failed"] - before["failed"], now["limited"] - before["limited"]) == (FAILURES, 3)


def test_guesses_at_once_are_no_more_than_ten(stack, api, order):
    """Of thirty that come together, ten are compared at most; each is counted before it is compared."""
    before = lookups(stack)
    with concurrent.futures.ThreadPoolExecutor(15) as pool:
        answers = list(pool.map(lambda n: look_up(stack.api(), order["locator"], f"Guess{n}"), range(30)))
    assert {answer.status for answer in answers} == {404}
    now = lookups(stack)
    assert now["failed"] - before["failed"] <= FAILURES and now["limited"] - before["limited"] >= 20


def test_a_forgotten_order_is_not_found_and_gets_no_token(stack, api, order):
    stack.query("UPDATE orders SET forgotten_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
    look_up(api, order["locator"], "O'Connor-Müller").refused(404, "ORDER_NOT_FOUND")
    assert stack.query("SELECT COUNT(*) AS n FROM order_tokens WHERE order_id = %s", order["orderId"]) == [{"n": 0}]
    stack.query("UPDATE orders SET forgotten_at = NULL WHERE order_id = %s", order["orderId"])  # the audit would see its names


def test_no_token_is_given_while_the_order_is_being_forgotten(stack, api, order):
    """The look-up has found the order already; it waits, and then sees that it was forgotten."""
    root = stack.root_db()
    with root, root.cursor() as cursor, concurrent.futures.ThreadPoolExecutor(1) as pool:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE flight_booking.orders SET forgotten_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
        answer = pool.submit(look_up, api, order["locator"], "O'Connor-Müller")
        concurrent.futures.wait([answer], timeout=0.3)
        assert not answer.done(), "it waits"
        cursor.execute("COMMIT")
        answer.result().refused(404, "ORDER_NOT_FOUND")
    assert stack.query("SELECT COUNT(*) AS n FROM order_tokens WHERE order_id = %s", order["orderId"]) == [{"n": 0}]
    stack.query("UPDATE orders SET forgotten_at = NULL WHERE order_id = %s", order["orderId"])  # the audit would see its names


def test_what_is_over_is_purged(own_stack):
    stack = own_stack()
    stack.stop_program("sweeper")
    order = stack.api().hold(stack.new_flight(), "A1", user=new_user())
    stack.query("INSERT INTO order_tokens VALUES (REPEAT('a', 32), %s, UTC_TIMESTAMP(3)),"
                " (REPEAT('b', 32), %s, UTC_TIMESTAMP(3) + INTERVAL 1 HOUR)", order["orderId"], order["orderId"])
    stack.query("INSERT INTO lookup_failures VALUES (REPEAT('a', 32), 3, UTC_TIMESTAMP(3) - INTERVAL 1 HOUR),"
                " (REPEAT('b', 32), 3, UTC_TIMESTAMP(3))")

    def left():
        return [stack.query(f"SELECT CONVERT({column} USING ascii) AS k FROM {table} ORDER BY 1")
                for table, column in (("order_tokens", "token_hash"), ("lookup_failures", "asked_for"))]
    assert [len(rows) for rows in left()] == [2, 2]
    stack.start_program("sweeper")
    wait_for(lambda: left() == [[{"k": 32 * "b"}], [{"k": 32 * "b"}]], 10, "what is over to be gone")
