# SPDX-License-Identifier: MIT
"""Canceling: the seats are free at once, and a late approval is voided."""

from stack import wait_for


def test_a_hold(stack, api, flight):
    order = api.hold(flight, "A1", "A2")
    answer = api.cancel(order)
    cancelled = answer.ok()
    assert (cancelled["status"], cancelled["seats"]) == ("CANCELLED", ["A1", "A2"])
    assert cancelled["expiresAt"] is None
    assert cancelled["message"] == "Your booking is cancelled. Your seats have been released."
    assert cancelled["version"] > order["version"] and answer.etag == f'"{cancelled["version"]}"'
    assert stack.everything(order)["jobs"] == [], "its timer is gone"
    assert [e["type"] for e in api.events(order)][-1] == "ORDER_CANCELLED"
    api.hold(flight, "A1", "A2")


def test_the_history_says_by_whom(quick_stack):
    """The console and the customer send the same request; the operator's carries the token."""
    api, operator, flight = quick_stack.api(), quick_stack.admin(), quick_stack.new_flight()
    wrong = {"Authorization": "Bearer not-the-token-at-all"}

    def told(cancel, code=None):
        order = api.hold(flight, "A1")
        if code:
            api.pay(order, code).ok()
        cancel(order).ok()
        return api.events(order), order

    for cancel, by in ((api.cancel, "the customer"), (operator.cancel, "an operator"),
                       (lambda order: api.cancel(order, headers=wrong), "the customer")):
        events, _ = told(cancel)
        assert (events[-1]["type"], events[-1]["detail"]) == ("ORDER_CANCELLED", f"cancelled by {by}")
    _, order = told(operator.cancel, "50400")
    assert quick_stack.everything(order)["payment"][0]["last_error"] == "cancelled by an operator"


def test_twice(stack, api, flight):
    order = api.hold(flight, "A1")
    api.cancel(order).ok()
    before = stack.everything(order)
    api.cancel(order).refused(409, "ORDER_CLOSED")
    assert stack.everything(order) == before


def test_while_the_gateway_is_silent(stack, api, flight):
    """50401 captures the charge, but its first answer never comes. If the order is canceled then, it must be voided."""
    order = api.hold(flight, "A1")
    api.pay(order, "50401").ok()
    wait_for(lambda: stack.charge(order), 5, "the charge to be captured")
    cancelled = api.cancel(order).ok()
    assert cancelled["status"] == "CANCELLED"
    assert api.seats(flight)["A1"] == "AVAILABLE"
    wait_for(lambda: stack.charge(order)["status"] == "VOIDED", 15, "the charge to be voided")
    wait_for(lambda: not stack.everything(order)["jobs"], 15, "all work to be done")
    assert stack.row(order)["status"] == "CANCELLED"
    types = [e["type"] for e in api.events(order)]
    assert "VOID_REQUESTED" in types and "VOID_ATTEMPT" in types and "ORDER_CONFIRMED" not in types


def test_before_the_first_attempt_nothing_is_ever_captured(stack, api, flight):
    """No money is kept, whether the cancel or the attempt comes first."""
    orders = [api.hold(flight, seat) for seat in ("A1", "A2", "A3", "A4", "A5")]
    for order in orders:
        api.pay(order, "99999").ok()
        answer = api.cancel(order)
        assert answer.status == 200 or answer.refused(409, "ORDER_CLOSED")
    wait_for(lambda: not any(stack.has_job(o, kind) for o in orders for kind in ("PAYMENT_ATTEMPT", "VOID_CHARGE")), 10)
    for order in orders:
        charge = stack.charge(order)
        if api.order(order)["status"] == "CANCELLED":
            assert charge is None or charge["status"] == "VOIDED"
        else:
            assert charge["status"] == "APPROVED"
