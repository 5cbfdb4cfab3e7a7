# SPDX-License-Identifier: MIT
"""GET /api/admin/figures: a day in figures, by its hours."""

import pytest


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack()


def hours(stack, date):
    day = stack.admin().get(f"/api/admin/figures?date={date}").ok()
    assert day["date"] == date and [hour["at"] for hour in day["hours"]] == [f"{date}T{n:02d}:00:00.000Z" for n in range(24)]
    assert day["complete"]
    return day["hours"]


def move(stack, order, moment):
    """Has the order's payment submitted at another time."""
    stack.query("UPDATE payments SET created_at = %s WHERE order_id = %s", moment, order["orderId"])


NOTHING = {"sales": 0, "seatsSold": 0, "paymentsFailed": 0, "revenue": [], "departures": 0, "seatsLeaving": 0, "seatsLeavingSold": 0}


def test_what_was_sold_and_what_failed(stack, api):
    flight = stack.new_flight(rows=10, layout="A BC")
    paid = [api.hold(flight, "A1", "A2"), api.hold(flight, "A3")]
    declined, other = api.hold(flight, "B1"), api.hold(flight, "B2")
    for order in (*paid, other):
        api.pay(order).ok()
        stack.wait_status(order, "CONFIRMED")
    api.pay(declined, "00000").ok()
    stack.wait_status(declined, "FAILED")
    stack.admin().post(f"/api/admin/orders/{paid[0]['orderId']}/refunds", {"amountCents": 5000, "reason": "A test"}).ok(202)
    move(stack, paid[0], "2031-05-06 09:00:00.000")
    move(stack, paid[1], "2031-05-06 09:59:59.999")
    move(stack, declined, "2031-05-06 10:00:00.000")
    move(stack, other, "2031-05-07 00:00:00.000")
    day = hours(stack, "2031-05-06")
    revenue = [{"currency": "USD", "capturedCents": 3 * 12900, "refundedCents": 5000}]
    assert day[9] == {**NOTHING, "at": day[9]["at"], "sales": 2, "seatsSold": 3, "revenue": revenue}
    assert day[10] == {**NOTHING, "at": day[10]["at"], "paymentsFailed": 1}
    assert all(hour == {**NOTHING, "at": hour["at"]} for n, hour in enumerate(day) if n not in (9, 10))
    assert hours(stack, "2031-05-07")[0]["sales"] == 1


def test_how_full_the_flights_are(stack, api):
    full, empty, off = [stack.new_flight(rows=2, layout="A B", departure_time=f"2031-08-09 {time}") for time in ("23:59:59", "23:00:00", "23:30:00")]
    order = api.hold(full, "A1", "A2", "B1")
    api.pay(order).ok()
    stack.wait_status(order, "CONFIRMED")
    api.hold(empty, "A1")
    stack.query("UPDATE flights SET status = 'CANCELLED' WHERE flight_id = %s", off)
    day = hours(stack, "2031-08-09")
    assert day[23] == {**NOTHING, "at": day[23]["at"], "departures": 2, "seatsLeaving": 8, "seatsLeavingSold": 3}


def test_today_unless_a_day_is_said(stack):
    today = stack.admin().get("/api/admin/figures").ok()
    assert today["date"] == today["serverTime"][:10]


@pytest.mark.parametrize("date", ["2031-02-30", "today", "2031-05-06T00:00Z"])
def test_what_is_no_day(stack, date):
    assert stack.admin().get(f"/api/admin/figures?date={date}").refused(400, "INVALID_REQUEST")["field"] == "date"
