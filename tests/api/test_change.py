# SPDX-License-Identifier: MIT
"""Changing the selection: either the timer starts again, or everything stays as it was."""

import pytest

from shapes import seconds
from stack import wait_for


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_new_seats_are_held_and_the_old_ones_free(stack, api, flight, method):
    order = api.hold(flight, "A1", "A2")
    answer = api.request(method, f"/api/orders/{order['orderId']}/seats", {"seats": ["B1", "A2", "C1"]})
    changed = answer.ok()
    assert changed["seats"] == ["B1", "A2", "C1"]
    assert changed["status"] == "SEATS_RESERVED"
    assert changed["totalPriceCents"] == 3 * 12900
    assert changed["version"] > order["version"] and answer.etag == f'"{changed["version"]}"'
    assert {n for n, s in api.seats(flight).items() if s == "RESERVED"} == {"A2", "B1", "C1"}
    assert "SEATS_CHANGED" in [event["type"] for event in api.events(order)]
    api.hold(flight, "A1")


def test_the_hold_restarts_in_full(stack, api, flight):
    order = api.hold(flight, "A1")
    wait_for(lambda: api.order(order)["timerRemaining"] < 899, 5)
    changed = api.change(order, "B1").ok()
    assert changed["reservedAt"] > order["reservedAt"]
    assert seconds(changed["reservedAt"], changed["expiresAt"]) == 900
    assert changed["createdAt"] == order["createdAt"]
    (timer,) = stack.everything(order)["jobs"]
    assert timer["run_at"] == stack.row(order)["expires_at"]


def test_asking_for_the_same_seats_restarts_the_hold(api, flight):
    order = api.hold(flight, "A1", "A2")
    changed = api.change(order, "A1", "A2").ok()
    assert changed["seats"] == ["A1", "A2"] and changed["expiresAt"] > order["expiresAt"]


def test_a_change_is_bound_by_departure_as_well(stack, api):
    leaving = stack.new_flight(departs_in=100)
    order = api.hold(leaving, "A1")
    assert api.change(order, "B1").ok()["expiresAt"] == order["expiresAt"]


def test_a_refused_change_leaves_seats_and_timer(stack, api, flight):
    """Design: changing {A,B} to {B,C} while C is taken answers 409, and A, B and the timer stay as before."""
    api.hold(flight, "C1")
    order = api.hold(flight, "A1", "B1")
    before = stack.everything(order)
    refused = api.change(order, "B1", "C1").refused(409, "SEATS_UNAVAILABLE")
    assert refused["seats"] == ["C1"]
    assert stack.everything(order) == before
    assert api.order(order)["expiresAt"] == order["expiresAt"]


@pytest.mark.parametrize("seats", [[], ["A1", "a1"], ["Z9"], ["A1"] * 10, [f"A{n}" for n in range(1, 11)]])
def test_an_invalid_selection_changes_nothing(stack, api, flight, seats):
    order = api.hold(flight, "A1")
    before = stack.everything(order)
    api.change(order, *seats).refused(400, "INVALID_SEATS")
    assert stack.everything(order) == before


def test_seats_of_someone_whose_hold_lapsed_can_be_changed_to(stack, api, flight):
    lapsed, order = api.hold(flight, "A1"), api.hold(flight, "B1")
    stack.lapse(lapsed)
    assert api.change(order, "A1").ok()["seats"] == ["A1"]
    assert api.order(lapsed)["status"] == "EXPIRED"
    stack.wait_status(lapsed, "EXPIRED")
    assert stack.row(lapsed)["status"] == "EXPIRED"


def test_a_departed_flight(stack, api):
    leaving = stack.new_flight(departs_in=3600)
    order = api.hold(leaving, "A1")
    stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE flight_id = %s", leaving)
    assert api.change(order, "B1").refused(409, "ORDER_EXPIRED")
