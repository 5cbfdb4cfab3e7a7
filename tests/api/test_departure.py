# SPDX-License-Identifier: MIT
"""Departure ends holds and charges, even if SQL moves it while a hold is open."""

import pytest

from shapes import seconds
from stack import wait_for


def depart(stack, flight, seconds_from_now):
    stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) + INTERVAL %s MICROSECOND WHERE flight_id = %s",
                int(seconds_from_now * 1e6), flight)


@pytest.fixture
def left(stack, api, flight):
    """A hold on a flight that has left an hour early in the meantime. The hold's timer has not been moved."""
    order = api.hold(flight, "A1", "A2")
    depart(stack, flight, -1)
    assert stack.row(order)["status"] == "SEATS_RESERVED"
    return order


def test_an_earlier_departure_moves_the_end_of_open_holds(stack, api, flight):
    order = api.hold(flight, "A1")
    depart(stack, flight, 60)
    shown = api.order(order)
    assert shown["expiresAt"] == shown["flight"]["departureTime"] < order["expiresAt"]
    assert 55 <= shown["timerRemaining"] <= 60
    assert api.change(order, "A2").ok()["expiresAt"] == shown["expiresAt"]


def test_a_later_departure_lengthens_no_hold(stack, api):
    flight = stack.new_flight(departs_in=60)
    order = api.hold(flight, "A1")
    depart(stack, flight, 3600)
    assert api.order(order)["expiresAt"] == order["expiresAt"]
    changed = api.change(order, "A1").ok()
    assert seconds(changed["reservedAt"], changed["expiresAt"]) == 900


def test_at_departure_the_hold_is_over_for_all_readers(stack, api, left):
    shown = api.order(left)
    assert (shown["status"], shown["expiresAt"], shown["timerRemaining"]) == ("EXPIRED", None, 0)
    assert shown["version"] == left["version"] + 1 and shown["updatedAt"] == shown["flight"]["departureTime"]
    assert [o["status"] for o in api.get(f"/api/orders?userId={left['userId']}").ok()["orders"]] == ["EXPIRED"]
    found = stack.admin().get(f"/api/admin/orders?status=EXPIRED&flightId={left['flightId']}").ok()["orders"]
    assert [o["orderId"] for o in found] == [left["orderId"]]
    assert set(api.seats(left["flightId"]).values()) == {"AVAILABLE"}
    assert api.get(f"/api/flights/{left['flightId']}").ok()["availableSeats"] == 30


@pytest.mark.parametrize("use", ["pay", "cancel", "change"])
def test_nothing_can_be_done_with_it(stack, api, left, use):
    before = stack.everything(left)
    {"pay": api.pay, "cancel": api.cancel, "change": lambda order: api.change(order, "B1")}[use](left).refused(
        409, "ORDER_EXPIRED")
    assert stack.everything(left) == before
    assert stack.charge(left) is None


def test_its_seats_can_be_sold_once_the_flight_leaves_later_after_all(stack, api, left):
    """A hold that the sweeper has ended stays ended. (Before the sweeper ran, a later departure would revive it.)"""
    api.post("/api/orders", {"flightId": left["flightId"], "seats": ["A1"]}).refused(409, "FLIGHT_DEPARTED")
    stack.fire_timer(left)
    wait_for(lambda: stack.row(left)["status"] == "EXPIRED", 10)
    depart(stack, left["flightId"], 3600)
    assert api.order(left)["status"] == "EXPIRED"
    api.hold(left["flightId"], "A1", "A2")


def test_the_sweeper_writes_what_was_shown(stack, api, left):
    shown = api.order(left)
    stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", left["orderId"])
    wait_for(lambda: stack.row(left)["status"] == "EXPIRED", 10)
    moving = {"serverTime"}
    assert {k: v for k, v in api.order(left).items() if k not in moving} == {
        k: v for k, v in shown.items() if k not in moving}
    assert not stack.has_job(left, "EXPIRE_HOLD")
