# SPDX-License-Identifier: MIT
"""RESERVATION_LIMIT limits the total time that an order holds seats, however often they are changed."""

import pytest

from shapes import seconds
from stack import wait_for


@pytest.fixture(scope="module")
def stack(quick_stack):
    """3 s to pay, and an hour in all. The tests change the time at which an order was made, not the clock."""
    return quick_stack


def make_older(stack, order, by):
    stack.query("UPDATE orders SET created_at = created_at - INTERVAL %s MICROSECOND WHERE order_id = %s", int(by * 1e6),
                order["orderId"])


def test_long_before_the_limit_the_hold_restarts_in_full(stack, api, flight):
    order = api.hold(flight, "A1")
    make_older(stack, order, 3600 - 60)
    changed = api.change(order, "A1").ok()
    assert seconds(changed["reservedAt"], changed["expiresAt"]) == 3


@pytest.mark.parametrize("seats", [["A1"], ["B1", "B2"]])
def test_near_the_limit_a_change_gets_what_is_left(stack, api, flight, seats):
    order = api.hold(flight, "A1")
    make_older(stack, order, 3600 - 3.5)
    wait_for(lambda: api.order(order)["timerRemaining"] < 2, 3, "a second to pass")
    changed = api.change(order, *seats).ok()
    assert seconds(changed["createdAt"], changed["expiresAt"]) == 3600
    assert changed["timerRemaining"] == int(seconds(changed["serverTime"], changed["expiresAt"]))
    again = api.change(order, "C1").ok()
    assert (again["seats"], again["expiresAt"]) == (["C1"], changed["expiresAt"])


def test_at_the_limit_the_hold_lapses_as_any_other(stack, api, flight):
    order = api.hold(flight, "A1")
    make_older(stack, order, 3600 - 3.2)
    ended = wait_for(lambda: [answer for answer in [api.change(order, "A1")] if answer.status != 200], 5,
                     "the hold to be over, however often it is renewed", interval=0.2)
    ended[0].refused(409, "ORDER_EXPIRED")
    wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 5)
    api.hold(flight, "A1")


def test_a_hold_from_before_there_was_a_limit_is_not_made_shorter(stack, api, flight):
    order = api.hold(flight, "A1")
    make_older(stack, order, 7200)
    changed = api.change(order, "A2").ok()
    assert changed["expiresAt"] == order["expiresAt"]


def test_without_one_a_hold_may_go_on(default_stack):
    api, flight = default_stack.api(), default_stack.new_flight()
    order = api.hold(flight, "A1")
    make_older(default_stack, order, 86400)
    assert api.change(order, "A1").ok()["timerRemaining"] >= 899
