# SPDX-License-Identifier: MIT
"""A customer's orders and an order's history."""

import pytest

from client import new_user
from shapes import NO_ORDER, ORDER_FIELDS, when
from stack import wait_for


def ids(api, query):
    return [order["orderId"] for order in api.get(f"/api/orders?{query}").ok()["orders"]]


def test_newest_first_and_only_ones_own(api, flight):
    user, other = new_user(), new_user()
    orders = [api.hold(flight, f"A{n}", user=user)["orderId"] for n in (1, 2, 3)]
    api.hold(flight, "B1", user=other)
    assert ids(api, f"userId={user}") == orders[::-1]
    listed = api.get(f"/api/orders?userId={user}").ok()
    assert set(listed) == {"orders", "nextCursor"} and listed["nextCursor"] is None
    assert all(set(order) == ORDER_FIELDS for order in listed["orders"])


def test_pages_without_gap_or_repeat_though_orders_arrive_meanwhile(api, flight):
    user = new_user()
    orders = [api.hold(flight, f"A{n}", user=user)["orderId"] for n in range(1, 8)][::-1]
    page = api.get(f"/api/orders?userId={user}&limit=3").ok()
    seen = [order["orderId"] for order in page["orders"]]
    api.hold(flight, "B1", user=user)
    while page["nextCursor"]:
        page = api.get(f"/api/orders?userId={user}&limit=3&cursor={page['nextCursor']}").ok()
        seen += [order["orderId"] for order in page["orders"]]
    assert seen == orders


def test_unknown_customers_have_none(api):
    assert api.get(f"/api/orders?userId={new_user()}").ok() == {"orders": [], "nextCursor": None}


def test_user_ids_in_the_query_are_decoded(api, flight):
    order = api.hold(flight, "A1", user="é & ü+%")
    assert order["orderId"] in ids(api, "userId=%C3%A9+%26%20%C3%BC%2B%25")


def test_user_ids_are_compared_exactly(api, flight):
    user = new_user()
    api.hold(flight, "A1", user=user)
    for other in (user.upper(), user[:-1] + "%25", user[:-1] + "_"):
        assert ids(api, f"userId={other}") == []


@pytest.mark.parametrize("query, field", [
    ("", "userId"), ("userId=", "userId"), ("userId=" + "x" * 51, "userId"), ("userId=%ff", None), ("userId=a%00b", None),
    ("userId=x&limit=0", "limit"), ("userId=x&limit=1e3", "limit"), ("userId=x&cursor=zzz", "cursor"),
    ("userId=x&cursor=%27%20OR%201=1", "cursor"),
])
def test_bad_queries(api, query, field):
    refused = api.get(f"/api/orders?{query}").refused(400, "INVALID_REQUEST")
    assert field is None or refused["field"] == field


def test_limit_has_a_ceiling(api, flight):
    answer = api.get("/api/orders?userId=x&limit=100000")
    assert answer.status in (200, 400)
    if answer.status == 400:
        assert answer.json["field"] == "limit"


# -- history --------------------------------------------------------------------------------------

EVENT_FIELDS = {"eventId", "type", "fromStatus", "toStatus", "attempt", "outcome", "durationMs", "by", "worker", "detail",
                "requestId", "createdAt"}


def test_the_whole_story_oldest_first(stack, api, flight):
    order = api.hold(flight, "A1")
    api.change(order, "B1").ok()
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    history = api.get(f"/api/orders/{order['orderId']}/events").ok()
    assert history["orderId"] == order["orderId"]
    events = history["events"]
    assert all(set(event) == EVENT_FIELDS for event in events)
    story = [(e["type"], e["fromStatus"], e["toStatus"]) for e in events if e["type"] != "CONFIRMATION_ATTEMPT"]
    assert story[0][0] == "ORDER_CREATED" and story[0][2] == "CREATED"
    assert story[1] == ("SEATS_RESERVED", "CREATED", "SEATS_RESERVED")
    assert story[2] == ("SEATS_CHANGED", "SEATS_RESERVED", "SEATS_RESERVED")
    assert story[3] == ("PAYMENT_SUBMITTED", "SEATS_RESERVED", "PAYMENT_PENDING")
    assert [name for name, *_ in story[4:]] == ["PAYMENT_ATTEMPT", "ORDER_CONFIRMED"]
    assert story[5] == ("ORDER_CONFIRMED", "PAYMENT_PENDING", "CONFIRMED")
    assert [e["eventId"] for e in events] == sorted({e["eventId"] for e in events})
    times = [when(e["createdAt"]) for e in events]
    assert times == sorted(times)
    (attempt,) = [e for e in events if e["type"] == "PAYMENT_ATTEMPT"]
    assert (attempt["attempt"], attempt["outcome"]) == (1, "APPROVED")
    assert attempt["worker"] and isinstance(attempt["durationMs"], int)


@pytest.mark.parametrize("end, expected", [
    ("cancel", ("ORDER_CANCELLED", "SEATS_RESERVED", "CANCELLED")),
    ("decline", ("ORDER_FAILED", "PAYMENT_PENDING", "FAILED")),
    ("expire", ("ORDER_EXPIRED", "SEATS_RESERVED", "EXPIRED")),
])
def test_how_it_ended(stack, api, flight, end, expected):
    order = api.hold(flight, "A1")
    if end == "cancel":
        api.cancel(order).ok()
    elif end == "decline":
        api.pay(order, "00000").ok()
        stack.wait_status(order, "FAILED")
    else:
        stack.fire_timer(order)
        stack.wait_status(order, "EXPIRED")
        wait_for(lambda: "ORDER_EXPIRED" in [e["type"] for e in api.events(order)], 10)
    last = api.events(order)[-1]
    assert (last["type"], last["fromStatus"], last["toStatus"]) == expected


def test_refusals_leave_no_trace_in_the_history(api, flight):
    order = api.hold(flight, "A1")
    before = api.events(order)
    api.change(order, "Z9").refused(400, "INVALID_SEATS")
    api.pay(order, "x").refused(400, "INVALID_PAYMENT_CODE")
    assert api.events(order) == before


def test_unknown_order_has_no_history(api):
    api.get(f"/api/orders/{NO_ORDER}/events").refused(404, "ORDER_NOT_FOUND")
