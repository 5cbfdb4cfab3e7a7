# SPDX-License-Identifier: MIT
"""Races (design, "Races, and what must happen"), with many clients and more than once."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from shapes import seconds
from stack import wait_for

CLIENTS = 12


def together(*calls):
    """Runs the calls at the same time and returns their answers in order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def statuses(answers):
    return Counter(answer.status for answer in answers)


@pytest.mark.parametrize("round_", range(5))
def test_many_customers_one_seat(stack, api, flight, round_):
    answers = together(*[lambda: api.post("/api/orders", {"flightId": flight, "seats": ["A1"]})] * CLIENTS)
    assert statuses(answers) == {201: 1, 409: CLIENTS - 1}
    for answer in answers:
        if answer.status == 409:
            assert answer.refused(409, "SEATS_UNAVAILABLE")["seats"] == ["A1"]


def test_overlapping_selections_in_every_order(stack, api, flight):
    """Each customer wants three of five seats, in any order. No deadlock shows, and no seat is sold twice."""
    def one(n):
        rng = random.Random(n)
        seats = rng.sample(["A1", "A2", "A3", "A4", "A5"], 3)
        return api.post("/api/orders", {"flightId": flight, "seats": seats})

    for _ in range(3):
        answers = together(*[lambda n=n: one(n) for n in range(CLIENTS)])
        assert statuses(answers) == {201: 1, 409: CLIENTS - 1}
        for answer in answers:
            if answer.status == 201:
                api.cancel(answer.json).ok()


def test_a_full_flight_is_sold_exactly_once(stack, api, flight):
    """Every customer takes any seat; in the end all thirty are held, by thirty different orders."""
    seats = list(api.seats(flight))

    def customer(n):
        mine = seats[n:] + seats[:n]
        for seat in mine:
            answer = api.post("/api/orders", {"flightId": flight, "seats": [seat]})
            if answer.status == 201:
                return seat
            answer.refused(409, "SEATS_UNAVAILABLE")
        return None

    with ThreadPoolExecutor(CLIENTS) as pool:
        got = list(pool.map(customer, [n % 7 for n in range(40)]))
    assert sorted(filter(None, got)) == sorted(seats) and got.count(None) == 10


@pytest.mark.parametrize("round_", range(5))
def test_change_against_hold(stack, api, flight, round_):
    order = api.hold(flight, "A1")
    changed, held = together(lambda: api.change(order, "B1"),
                             lambda: api.post("/api/orders", {"flightId": flight, "seats": ["B1"]}))
    assert {changed.status, held.status} in ({200, 409}, {409, 201}), (changed, held)
    assert api.order(order)["seats"] == (["B1"] if changed.status == 200 else ["A1"])
    assert api.seats(flight)["B1"] == "RESERVED"


@pytest.mark.parametrize("round_", range(5))
def test_two_change_to_each_others_seats(api, flight, round_):
    """A swap cannot succeed for both, as each seat stays held until its holder releases it. There is no deadlock."""
    one, two = api.hold(flight, "A1"), api.hold(flight, "B1")
    answers = together(lambda: api.change(one, "B1"), lambda: api.change(two, "A1"))
    assert statuses(answers) == {409: 2}
    held = api.order(one)["seats"] + api.order(two)["seats"]
    assert len(set(held)) == 2


@pytest.mark.parametrize("round_", range(3))
def test_changing_ones_own_order_many_times_at_once(stack, api, flight, round_):
    order = api.hold(flight, "A1")
    answers = together(*[lambda n=n: api.change(order, f"B{n}", f"C{n}") for n in range(1, 9)])
    assert statuses(answers) == {200: 8}
    assert len({answer.json["version"] for answer in answers}) == 8, "each change is a version of its own"
    last = max((answer.json for answer in answers), key=lambda o: o["version"])
    assert api.order(order)["seats"] == last["seats"]
    assert {n for n, s in api.seats(flight).items() if s == "RESERVED"} == set(last["seats"])


@pytest.mark.parametrize("round_", range(5))
def test_paid_twice(stack, api, flight, round_):
    order = api.hold(flight, "A1")
    answers = together(*[lambda: api.pay(order, "99999")] * 6)
    assert statuses(answers)[200] == 1
    for answer in answers:
        if answer.status != 200:
            assert answer.status == 409 and answer.json["error"] in ("PAYMENT_IN_PROGRESS", "ORDER_CLOSED")
    stack.wait_status(order, "CONFIRMED")
    assert len(stack.gateway_query("SELECT * FROM charges WHERE order_id = %s", order["orderId"])) == 1
    assert [e["type"] for e in api.events(order)].count("PAYMENT_SUBMITTED") == 1


@pytest.mark.parametrize("round_", range(5))
def test_pay_against_change(stack, api, flight, round_):
    """Whichever request comes first, the booked seats are the ones that are charged."""
    order = api.hold(flight, "A1")
    paid, changed = together(lambda: api.pay(order, "99999"), lambda: api.change(order, "B1", "B2"))
    paid.ok()
    if changed.status != 200:
        assert changed.status == 409 and changed.json["error"] in ("PAYMENT_IN_PROGRESS", "ORDER_CLOSED")
    final = stack.wait_status(order, "CONFIRMED")
    booked = {n for n, s in api.seats(flight).items() if s == "BOOKED"}
    assert booked == set(final["seats"]) == ({"B1", "B2"} if changed.status == 200 else {"A1"})
    assert stack.charge(order)["amount_cents"] == 12900 * len(booked)


@pytest.mark.parametrize("round_", range(5))
def test_pay_against_cancel(stack, api, flight, round_):
    order = api.hold(flight, "A1")
    paid, cancelled = together(lambda: api.pay(order, "99999"), lambda: api.cancel(order))
    assert 200 in (paid.status, cancelled.status)
    final = stack.wait_status(order, "CONFIRMED", "CANCELLED")
    assert (final["status"] == "CANCELLED") == (cancelled.status == 200)
    wait_for(lambda: not stack.everything(order)["jobs"], 15, "all work to be done")
    charge = stack.charge(order)
    assert (charge is not None and charge["status"] == "APPROVED") == (final["status"] == "CONFIRMED")


def test_pay_against_expiry(quick_stack):
    """At the last moment either the payment is accepted or the hold is over, never both and never neither."""
    api, flight = quick_stack.api(), quick_stack.new_flight()
    seats = [f"{c}{n}" for c in "ABC" for n in range(1, 11)][:8]
    orders = [api.hold(flight, seat) for seat in seats]

    def pay_at_the_end(n):
        order = orders[n]

        def almost():
            left = seconds(api.order(order)["serverTime"], order["expiresAt"])
            return left < 0.008 * n - 0.03
        wait_for(almost, 6, interval=0.002)
        return api.pay(order, "99999")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(pay_at_the_end, range(len(orders))))
    for order, answer in zip(orders, answers):
        if answer.status == 200:
            assert answer.json["updatedAt"] < order["expiresAt"]
            quick_stack.wait_status(order, "CONFIRMED")
        else:
            answer.refused(409, "ORDER_EXPIRED")
            assert api.order(order)["status"] == "EXPIRED"
            assert quick_stack.charge(order) is None, "the gateway was called"


def test_change_against_expiry(quick_stack):
    """An accepted change keeps its seats, whatever the old timer's job does."""
    api, flight = quick_stack.api(), quick_stack.new_flight()
    orders = [api.hold(flight, f"A{n}") for n in range(1, 9)]

    def change_at_the_end(n):
        order = orders[n]
        wait_for(lambda: seconds(api.order(order)["serverTime"], order["expiresAt"]) < 0.006 * n - 0.02, 6, interval=0.002)
        return api.change(order, f"B{n + 1}")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(change_at_the_end, range(len(orders))))
    for n, (order, answer) in enumerate(zip(orders, answers)):
        if answer.status == 200:
            now = api.order(order)
            assert now["status"] == "SEATS_RESERVED" or now["serverTime"] >= answer.json["expiresAt"]
        else:
            answer.refused(409, "ORDER_EXPIRED")


@pytest.mark.parametrize("code", ["50400", "50401", "50402"])
def test_cancel_while_an_attempt_is_in_flight(quick_stack, code):
    """The order is CANCELLED at once. A later approval is voided and never confirms it."""
    api, flight = quick_stack.api(), quick_stack.new_flight()
    order = api.hold(flight, "A1")
    api.pay(order, code).ok()
    wait_for(lambda: api.order(order)["paymentAttempts"] == 1, 3)
    assert api.cancel(order).ok()["status"] == "CANCELLED"
    taker = api.hold(flight, "A1")
    wait_for(lambda: not quick_stack.everything(order)["jobs"], 15, "all work to be done")
    assert api.order(order)["status"] == "CANCELLED"
    charge = quick_stack.charge(order)
    assert charge is None or charge["status"] == "VOIDED"
    assert quick_stack.query("SELECT reserved_by FROM seats WHERE flight_id = %s AND seat_number = 'A1'", flight) in (
        [{"reserved_by": taker["orderId"]}], [{"reserved_by": None}]), "the taker's, until it lapses"
    assert "ORDER_CONFIRMED" not in [event["type"] for event in api.events(order)]


def test_reset_against_everything(stack, api, flight):
    """Orders come and are paid while the operator clears the flight, again and again."""
    def customer(n):
        answer = api.post("/api/orders", {"flightId": flight, "seats": [f"A{n}"]})
        if answer.status == 201:
            assert api.pay(answer.json, "99999").status in (200, 409)

    def operator(_):
        api.post("/api/admin/reset", {"flightId": flight}).ok()

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(customer, n % 10 + 1) for n in range(30)] + [pool.submit(operator, n) for n in range(5)]
        random.Random(1).shuffle(jobs)
        for job in jobs:
            job.result()
    wait_for(lambda: not stack.query("""SELECT 1 FROM orders o JOIN workflow_jobs j USING (order_id)
        WHERE o.flight_id = %s AND j.kind <> 'EXPIRE_HOLD'""", flight), 20, "all work to be done")
