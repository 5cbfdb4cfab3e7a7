# SPDX-License-Identifier: MIT
"""Every event in every state, over HTTP: either the order moves, or the event is refused and changes nothing."""

import pytest

from stack import wait_for

EVENTS = {
    "change": lambda api, order: api.request("POST", f"/api/orders/{order['orderId']}/seats", {"seats": ["B1"]}),
    "change (PUT)": lambda api, order: api.request("PUT", f"/api/orders/{order['orderId']}/seats", {"seats": ["B1"]}),
    "payment": lambda api, order: api.post(f"/api/orders/{order['orderId']}/payment", {"paymentCode": "99999"}),
    "pay": lambda api, order: api.post(f"/api/orders/{order['orderId']}/pay", {"paymentCode": "99999"}),
    "cancel": lambda api, order: api.cancel(order),
}


def paying(stack, api, order):
    """Starts a payment whose first attempt gets no answer for ten seconds, so that nothing moves during the test."""
    api.pay(order, "50400").ok()
    wait_for(lambda: api.order(order)["paymentAttempts"] == 1, 5, "the first attempt")


def finally_paid(code, status):
    def reach(stack, api, order):
        api.pay(order, code).ok()
        stack.wait_status(order, status)
        wait_for(lambda: not stack.everything(order)["jobs"], 5, "the jobs after the payment")
    return reach


def expired(stack, api, order):
    stack.fire_timer(order)
    wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 10, "the sweeper to expire the order")


STATES = {
    "SEATS_RESERVED": lambda stack, api, order: None,
    "PAYMENT_PENDING": paying,
    "CONFIRMED": finally_paid("99999", "CONFIRMED"),
    "FAILED": finally_paid("00000", "FAILED"),
    "EXPIRED": expired,
    "CANCELLED": lambda stack, api, order: api.cancel(order).ok(),
}

ALLOWED = {
    ("SEATS_RESERVED", "change"): (200, "SEATS_RESERVED"),
    ("SEATS_RESERVED", "change (PUT)"): (200, "SEATS_RESERVED"),
    ("SEATS_RESERVED", "payment"): (200, "PAYMENT_PENDING"),
    ("SEATS_RESERVED", "pay"): (202, "PAYMENT_PROCESSING"),
    ("SEATS_RESERVED", "cancel"): (200, "CANCELLED"),
    ("PAYMENT_PENDING", "cancel"): (200, "CANCELLED"),
}
REFUSALS = {"PAYMENT_PENDING": "PAYMENT_IN_PROGRESS", "EXPIRED": "ORDER_EXPIRED"}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_move(stack, api, flight, state, event):
    order = api.hold(flight, "A1", "A2")
    STATES[state](stack, api, order)
    before, shown = stack.everything(order), api.order(order)
    assert shown["status"] == before["order"]["status"] == state

    answer = EVENTS[event](api, order)

    if (state, event) in ALLOWED:
        status, next_state = ALLOWED[state, event]
        now = answer.ok(status)
        assert now["status"] == next_state
        assert now["version"] == shown["version"] + 1
        assert answer.etag == f'"{now["version"]}"'
    else:
        answer.refused(409, REFUSALS.get(state, "ORDER_CLOSED"))
        assert stack.everything(order) == before
        again = api.order(order)
        assert (again["status"], again["version"]) == (state, shown["version"])


@pytest.mark.parametrize("event", EVENTS)
def test_lapsed_but_not_yet_swept(stack, api, flight, event):
    order = api.hold(flight, "A1", "A2")
    stack.lapse(order)
    EVENTS[event](api, order).refused(409, "ORDER_EXPIRED")
    assert api.order(order)["status"] == "EXPIRED"
    assert stack.row(order)["status"] in ("SEATS_RESERVED", "EXPIRED")
    assert stack.everything(order)["payment"] == []


@pytest.mark.parametrize("state", STATES)
def test_every_state_reads_the_same_everywhere(stack, api, flight, state):
    order = api.hold(flight, "A1")
    STATES[state](stack, api, order)
    assert api.order(order)["status"] == state
    as_b = api.get(f"/api/orders/{order['orderId']}/status").ok()["status"]
    assert as_b == {"PAYMENT_PENDING": "PAYMENT_PROCESSING"}.get(state, state)
    listed = api.get(f"/api/orders?userId={order['userId']}").ok()["orders"]
    assert [(entry["orderId"], entry["status"]) for entry in listed] == [(order["orderId"], state)]
    shown = api.order(order)
    assert (shown["expiresAt"] is not None) == (state == "SEATS_RESERVED")
    assert shown["message"]
