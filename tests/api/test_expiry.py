# SPDX-License-Identifier: MIT
"""The end of a hold comes within a second of expiresAt and never early, with or without the sweeper."""

import pytest

from shapes import seconds, when
from stack import wait_for


@pytest.fixture(scope="module")
def stack(quick_stack):
    """On this stack a hold lasts 3 s."""
    return quick_stack


def test_never_early_and_within_a_second(stack, api, flight):
    orders = [api.hold(flight, seat) for seat in ("A1", "A2", "B1")]
    last_alive = {}

    def all_expired():
        shown = [api.order(order) for order in orders]
        for now, order in zip(shown, orders):
            if now["status"] == "SEATS_RESERVED":
                last_alive[order["orderId"]] = now
            else:
                assert now["status"] == "EXPIRED"
                assert now["serverTime"] >= order["expiresAt"], "early"
        return all(now["status"] == "EXPIRED" for now in shown)

    wait_for(all_expired, 6)
    for order in orders:
        alive = last_alive[order["orderId"]]
        assert alive["serverTime"] < order["expiresAt"], "still held after its end"
        assert 0 <= alive["timerRemaining"] <= 1
    # So far for readers. The row itself and the seats follow within a second of expiresAt.
    for order in orders:
        wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 2)
        (expired,) = [event for event in api.events(order) if event["type"] == "ORDER_EXPIRED"]
        assert 0 <= seconds(order["expiresAt"], expired["createdAt"]) <= 1
    assert set(api.seats(flight).values()) == {"AVAILABLE"}


def test_what_an_expired_order_looks_like(stack, api, flight):
    order = api.hold(flight, "A1", "B1")
    expired = stack.wait_status(order, "EXPIRED")
    assert expired["seats"] == ["A1", "B1"], "what it last held"
    assert expired["message"] == "Your hold has expired. Your seats have been released."
    assert (expired["expiresAt"], expired["version"]) == (None, order["version"] + 1)
    wait_for(lambda: not stack.everything(order)["jobs"], 3)
    assert api.order(order)["version"] == order["version"] + 1, "the version that was shown before the sweeper ended the hold"


def test_timer_remaining_counts_down_in_whole_seconds(api, flight):
    order = api.hold(flight, "A1")
    shown = [order]

    def collect():
        shown.append(api.order(order))
        return shown[-1]["status"] == "EXPIRED"
    wait_for(collect, 6)
    for now in shown[:-1]:
        left = seconds(now["serverTime"], order["expiresAt"])
        assert abs(now["timerRemaining"] - left) <= 1, f"{now['timerRemaining']} shown, {left} left"
    assert [now["timerRemaining"] for now in shown] == sorted((now["timerRemaining"] for now in shown), reverse=True)
    assert not shown[-1]["timerRemaining"]


def test_a_change_restarts_the_timer(stack, api, flight):
    order = api.hold(flight, "A1")
    wait_for(lambda: api.order(order)["timerRemaining"] <= 1, 5)
    changed = api.change(order, "A2").ok()
    assert seconds(changed["reservedAt"], changed["expiresAt"]) == 3

    def outlived():
        now = api.order(order)
        if now["serverTime"] < changed["expiresAt"]:
            assert now["status"] == "SEATS_RESERVED", "the old timer fired"
        return now["status"] == "EXPIRED"
    wait_for(outlived, 6)


def test_the_old_seats_are_sold_on_by_themselves(stack, api, flight):
    order = api.hold(flight, "C5")
    stack.wait_status(order, "EXPIRED")
    api.hold(flight, "C5")


def test_a_hold_ends_with_the_flights_departure(stack, api):
    leaving = stack.new_flight(departs_in=1.5)
    order = api.hold(leaving, "A1")
    assert when(order["expiresAt"]) == when(api.get(f"/api/flights/{leaving}").ok()["departureTime"])
    expired = stack.wait_status(order, "EXPIRED", deadline=4)
    assert expired["serverTime"] >= order["expiresAt"]


# On the stacks above the sweeper runs. Here it does nothing, because only the end of the hold moves, not its timer.

@pytest.fixture
def unswept(default_stack):
    """A hold that has lapsed and that no sweeper will end: (api, order)."""
    api = default_stack.api()
    order = api.hold(default_stack.new_flight(), "A1", "A2")
    default_stack.lapse(order)
    assert default_stack.row(order)["status"] == "SEATS_RESERVED"
    return api, order


def test_lapsed_reads_expired(unswept):
    api, order = unswept
    shown = api.order(order)
    assert (shown["status"], shown["expiresAt"], shown["version"]) == ("EXPIRED", None, order["version"] + 1)
    assert api.get(f"/api/orders/{order['orderId']}/status").ok()["status"] == "EXPIRED"
    listed = api.get(f"/api/orders?userId={order['userId']}").ok()["orders"]
    assert [entry["status"] for entry in listed] == ["EXPIRED"]


def test_lapsed_is_refused_and_the_gateway_never_called(default_stack, unswept):
    api, order = unswept
    api.pay(order).refused(409, "ORDER_EXPIRED")
    api.change(order, "B1").refused(409, "ORDER_EXPIRED")
    api.cancel(order).refused(409, "ORDER_EXPIRED")
    assert default_stack.charge(order) is None
    assert default_stack.everything(order)["payment"] == []


def test_lapsed_seats_are_sold_on(default_stack, unswept):
    """The transaction that takes the seats expires the lapsed order first, so that no two orders hold one seat."""
    api, order = unswept
    taker = api.hold(order["flightId"], "A2", "B1")
    stored = default_stack.everything(order)
    assert stored["order"]["status"] == "EXPIRED"
    held = {s["seat_number"]: s["reserved_by"] for s in stored["seats"] if s["reserved_by"]}
    assert held == {"A2": taker["orderId"], "B1": taker["orderId"]}, "A1 is free as well"
    assert [e["type"] for e in api.events(order)].count("ORDER_EXPIRED") == 1


def test_many_takers_of_lapsed_seats(default_stack, unswept):
    from concurrent.futures import ThreadPoolExecutor
    api, order = unswept
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(
            lambda _: api.post("/api/orders", {"flightId": order["flightId"], "seats": ["A2", "A1"]}).status, range(8)))
    assert sorted(statuses) == [201] + [409] * 7
    assert [e["type"] for e in api.events(order)].count("ORDER_EXPIRED") == 1
