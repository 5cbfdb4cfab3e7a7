# SPDX-License-Identifier: MIT
"""MAX_OPEN_HOLDS_PER_USER: how many holds one customer may have at a time."""

import concurrent.futures
import uuid

import pytest

from client import new_user

MOST = 3


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(MAX_OPEN_HOLDS_PER_USER=MOST, PAYMENT_TIMEOUT="1s")


def hold(api, flight, seat, user, **kw):
    return api.post(f"/api/flights/{flight}/orders", {"userId": user, "seats": [seat]}, **kw)


@pytest.fixture
def user(api, flight):
    """A customer with as many holds as are allowed."""
    user = new_user()
    for n in range(1, MOST + 1):
        hold(api, flight, f"A{n}", user).ok(201)
    return user


def test_one_more_is_refused(stack, api, flight, user):
    answer = hold(api, flight, "B1", user)
    problem = answer.refused(429, "TOO_MANY_REQUESTS")
    assert str(MOST) in problem["detail"]
    assert problem["field"] == "userId"        # distinguishes it from a rate limit
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60 + 1
    assert api.seats(flight)["B1"] == "AVAILABLE"
    hold(api, flight, "B1", new_user()).ok(201)


def test_the_wait_is_until_the_first_hold_ends(stack, api, flight, user):
    first = api.get(f"/api/orders?userId={user}").ok()["orders"][-1]
    stack.query("UPDATE orders SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 40 SECOND WHERE order_id = %s", first["orderId"])
    assert 30 <= int(hold(api, flight, "B1", user).headers["Retry-After"]) <= 41


def test_contract_b_without_a_user_is_one_customer(stack, api, flight):
    def as_guest(seat):
        return api.post("/api/orders", {"flightId": flight, "seats": [seat]})
    for n in range(1, MOST + 1):
        as_guest(f"A{n}").ok(201)
    as_guest("B1").refused(429, "TOO_MANY_REQUESTS")


@pytest.mark.parametrize("end", ["cancel", "pay", "lapse"])
def test_a_hold_that_is_over_does_not_count(stack, api, flight, user, end):
    order = api.get(f"/api/orders?userId={user}").ok()["orders"][0]
    if end == "cancel":
        api.cancel(order).ok()
    elif end == "pay":
        api.pay(order).ok()
    else:
        stack.lapse(order)
    hold(api, flight, "B1", user).ok(201)
    hold(api, flight, "B2", user).refused(429, "TOO_MANY_REQUESTS")


def test_other_refusals_come_before_the_limit(api, flight, user):
    hold(api, flight, "A1", user).refused(409, "SEATS_UNAVAILABLE")
    hold(api, flight, "Z9", user).refused(400, "INVALID_SEATS")
    hold(api, "nowhere", "A1", user).refused(404, "FLIGHT_NOT_FOUND")


def test_seats_may_still_be_changed(api, flight, user):
    order = api.get(f"/api/orders?userId={user}").ok()["orders"][0]
    api.change(order, "C1", "C2").ok()


def test_the_refusal_is_not_kept_under_the_key(stack, api, flight, user):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    hold(api, flight, "B1", user, headers=key).refused(429, "TOO_MANY_REQUESTS")
    api.cancel(api.get(f"/api/orders?userId={user}").ok()["orders"][0]).ok()
    hold(api, flight, "B1", user, headers=key).ok(201)


@pytest.mark.parametrize("names", [["{}"], ["{}", "{} "]], ids=["one name", "a space at its end"])
def test_all_at_once_no_more_than_allowed(stack, flight, names):
    """One customer requests sixteen seats at once, many times. Each time the limit is reached, but not exceeded."""
    seats = [f"{column}{row}" for row in range(1, 11) for column in "ABC"][:16]
    for _ in range(10):
        user, other = new_user(), stack.new_flight()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(
                lambda seat: hold(stack.api(), other, seat[1], names[seat[0] % len(names)].format(user)), enumerate(seats)))
        statuses = sorted(answer.status for answer in answers)
        assert statuses == [201] * MOST + [429] * (16 - MOST), statuses
        assert stack.query("SELECT COUNT(*) AS n FROM orders WHERE flight_id = %s", other) == [{"n": MOST}]


def test_without_a_limit_there_is_none(default_stack):
    flight, user = default_stack.new_flight(), new_user()
    for n in range(1, 11):
        hold(default_stack.api(), flight, f"A{n}", user).ok(201)
