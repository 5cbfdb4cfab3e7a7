# SPDX-License-Identifier: MIT
"""Orders that say how many seats they want; and ORPHAN_RULE, for those that say which."""

import random
import threading
import uuid

import pytest

from client import new_user
from test_cabin import classes

LETTERS = "ABCDEFGHJ"


def best(stack, flight, count, **more):
    return stack.api().post(f"/api/flights/{flight}/orders", {"userId": new_user(), "count": count, **more})


def take(stack, flight, *seats):
    for at in range(0, len(seats), 9):
        stack.api().hold(flight, *seats[at:at + 9])


@pytest.fixture
def flight(default_stack):
    """Five rows, ABC DEF."""
    return default_stack.new_flight(rows=5, layout="ABC DEF", row_first=True)


def test_side_by_side_in_one_row(default_stack, flight):
    take(default_stack, flight, "1A", "1B", "1E", "1F", "2B", "2E")     # 1C and 1D are beyond the aisle from each other
    assert best(default_stack, flight, 2).ok(201)["seats"] == ["3A", "3B"]
    assert best(default_stack, flight, 3).ok(201)["seats"] == ["3D", "3E", "3F"]


def test_by_both_paths_and_as_a_form(default_stack, flight):
    order = default_stack.api().post("/api/orders", {"flightId": flight, "count": 2}).ok(201)
    assert order["seats"] == ["1A", "1B"] and order["totalPriceCents"] == 2 * 12900
    form = default_stack.api().post("/api/orders", form=[("flightId", flight), ("count", "3"), ("prefer", "back")]).ok(201)
    assert form["seats"] == ["5A", "5B", "5C"]


@pytest.mark.parametrize("prefer, seat", [("window", "1F"), ("aisle", "1D"), ("front", "1D"), ("back", "5A")])
def test_a_preference(default_stack, flight, prefer, seat):
    # Beside 1A, 1B and 1C are a pair, of which either would be left over.
    take(default_stack, flight, "1A")
    assert best(default_stack, flight, 1, prefer=prefer).ok(201)["seats"] == [seat]


def test_more_than_a_row_has(default_stack, flight):
    seats = best(default_stack, flight, 8).ok(201)["seats"]
    assert {seat[0] for seat in seats} == {"1", "2"} and len(set(seats)) == 8


def test_a_class_is_kept_to(default_stack):
    flight = classes(default_stack)
    assert best(default_stack, flight, 2, **{"class": "business"}).ok(201)["seats"] == ["1A", "1C"]
    order = best(default_stack, flight, 2).ok(201)
    assert order["seats"][0][0] in "356" and order["totalPriceCents"] < 2 * 39900, "the cheapest, not the exit row"
    assert best(default_stack, flight, 7, **{"class": "business"}).refused(409, "SEATS_UNAVAILABLE")["seats"] == []
    assert best(default_stack, flight, 1, **{"class": "first"}).refused(400, "INVALID_SEATS")["field"] == "class"


def test_no_blocked_seat_is_chosen(default_stack, flight):
    default_stack.query("UPDATE seats SET blocked = 'broken' WHERE flight_id = %s AND seat_row < 5", flight)
    assert best(default_stack, flight, 6).ok(201)["seats"] == [f"5{letter}" for letter in "ABCDEF"]
    assert best(default_stack, flight, 1).refused(409, "SEATS_UNAVAILABLE")["message"] == "Not so many seats are free."


def test_the_seats_of_a_lapsed_hold_are_chosen(default_stack):
    flight = default_stack.new_flight(rows=1, layout="AB")
    order = default_stack.api().hold(flight, "A1", "B1")
    default_stack.lapse(order)
    assert best(default_stack, flight, 2).ok(201)["seats"] == ["A1", "B1"]


@pytest.mark.parametrize("body, error, field", [
    ({"count": 0}, "INVALID_SEATS", "count"), ({"count": 10}, "INVALID_SEATS", "count"), ({"count": "two"}, "INVALID_REQUEST", "count"),
    ({"count": -1}, "INVALID_REQUEST", "count"), ({"count": 1.5}, "INVALID_REQUEST", "count"), ({"count": 2**63}, None, "count"),
    ({"count": 1, "seats": ["1A"]}, "INVALID_REQUEST", "count"), ({"count": 1, "prefer": "middle"}, "INVALID_REQUEST", "prefer"),
    ({"count": 1, "prefer": 7}, "INVALID_REQUEST", "prefer"), ({"count": 1, "class": "Première"}, "INVALID_REQUEST", "class"),
    ({"count": 1, "class": []}, "INVALID_REQUEST", "class"), ({"prefer": "window"}, "INVALID_SEATS", "seats"), ({"count": None}, "INVALID_SEATS", "seats")])
def test_what_cannot_be_asked_for(default_stack, flight, body, error, field):
    answer = default_stack.api().post(f"/api/flights/{flight}/orders", {"userId": "ann", **body})
    assert answer.status == 400 and answer.json["field"] == field and error in (None, answer.json["error"])


def test_no_flight_no_sale(default_stack):
    best(default_stack, "nowhere", 1).refused(404, "FLIGHT_NOT_FOUND")
    best(default_stack, default_stack.new_flight(status="CLOSED"), 1).refused(409, "FLIGHT_CLOSED")
    best(default_stack, default_stack.new_flight(departs_in=-1), 1).refused(409, "FLIGHT_DEPARTED")


def test_a_repeat_with_the_same_key_gets_the_same_seats(default_stack, flight):
    ask = lambda key, count=2: default_stack.api().post("/api/orders", {"flightId": flight, "count": count}, headers={"Idempotency-Key": key})
    key = uuid.uuid4().hex
    first, again = ask(key).ok(201), ask(key)
    assert again.ok(201) == first and again.headers["Idempotency-Replayed"] == "true"
    ask(key, 3).refused(422, "IDEMPOTENCY_MISMATCH")
    assert ask(uuid.uuid4().hex).ok(201)["seats"] != first["seats"]


def crowd(stack, flight, counts):
    """All ask at once; every answer by what was asked for."""
    barrier, answers = threading.Barrier(len(counts)), []

    def customer(count):
        barrier.wait()
        answer = best(stack, flight, count)
        while answer.status == 503:      # too many wait for the same flight: nothing was decided
            answer = best(stack, flight, count)
        answers.append((count, answer))
    threads = [threading.Thread(target=customer, args=(count,)) for count in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_crowd_for_a_half_sold_flight(default_stack):
    """200 customers at once, 1 to 9 seats each, for 450 seats of which every other is taken."""
    flight = default_stack.new_flight(rows=50, layout="ABC DEF GHJ", row_first=True)
    dice = random.Random(11)
    seats = [f"{row}{letter}" for row in range(1, 51) for letter in LETTERS]
    take(default_stack, flight, *dice.sample(seats, 225))
    counts = [dice.randint(1, 9) for _ in range(200)]
    answers = crowd(default_stack, flight, counts)
    held = [(count, answer.json["seats"]) for count, answer in answers if answer.status == 201]
    refused = [(count, answer) for count, answer in answers if answer.status != 201]
    given = [seat for _, chosen in held for seat in chosen]
    assert all(len(chosen) == count for count, chosen in held)
    assert len(given) == len(set(given)), "no seat twice"
    left = 225 - len(given)
    assert len(given) > 200 and left >= 0
    for count, answer in refused:
        answer.refused(409, "SEATS_UNAVAILABLE")
        assert count > left, f"{count} were refused, and {left} are still free"
    shown = default_stack.api().seats(flight)
    assert sum(status == "AVAILABLE" for status in shown.values()) == left


def test_a_crowd_that_fits_is_not_refused(default_stack):
    """As many as there are seats, down to the last one."""
    flight = default_stack.new_flight(rows=30, layout="ABC DEF", row_first=True)
    counts = [1, 2, 3, 4, 5, 6, 7, 8, 9] * 4
    answers = crowd(default_stack, flight, counts)
    assert sum(counts) == 180 and [answer.status for _, answer in answers] == [201] * len(counts)


# -- single seats ---------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def warned(request):
    return request.getfixturevalue("own_stack")(ORPHAN_RULE="warn")


@pytest.fixture(scope="module")
def refusing(request):
    return request.getfixturevalue("own_stack")(ORPHAN_RULE="refuse")


def test_a_single_seat_is_not_left_over(refusing):
    flight = refusing.new_flight(rows=3, layout="ABCD", row_first=True)
    refused = refusing.api().post("/api/orders", {"flightId": flight, "seats": ["1b"]}).refused(409, "SINGLE_SEAT_LEFT")
    assert refused["seats"] == ["1A"] and "1A" in refused["message"]
    order = refusing.api().hold(flight, "1A")
    refusing.api().change(order, "1C").refused(409, "SINGLE_SEAT_LEFT")
    assert refusing.api().order(order)["seats"] == ["1A"]
    assert refusing.api().change(order, "1A", "1B").ok()["seats"] == ["1A", "1B"]
    assert refusing.api().change(order, "1B", "1A").ok()["seats"] == ["1B", "1A"], "its own seats are no others"


def test_unless_nothing_else_is_left(refusing):
    flight = refusing.new_flight(rows=1, layout="ABC", row_first=True)
    assert refusing.api().hold(flight, "1A", "1B")["seats"] == ["1A", "1B"]


def test_the_systems_choice_leaves_none(refusing):
    flight = refusing.new_flight(rows=2, layout="ABCD", row_first=True)
    refusing.api().hold(flight, "1A")
    refusing.api().hold(flight, "2A", "2B")
    assert best(refusing, flight, 2).ok(201)["seats"] == ["2C", "2D"]


def test_a_warning(warned):
    flight = warned.new_flight(rows=3, layout="ABCD", row_first=True)
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"flightId": flight, "seats": ["1B"]}
    order = warned.api().post("/api/orders", body, headers=key).ok(201)
    assert order["warnings"] == [{"code": "SINGLE_SEAT_LEFT", "message": "Your choice leaves seat 1A over alone.", "seats": ["1A"]}]
    assert warned.api().post("/api/orders", body, headers=key).ok(201) == order
    assert "warnings" not in warned.api().order(order)
    assert "warnings" not in warned.api().change(order, "1A", "1B").ok()


def test_without_the_rule_nothing_is_said(default_stack):
    flight = default_stack.new_flight(rows=3, layout="ABCD", row_first=True)
    assert "warnings" not in default_stack.api().hold(flight, "1B")
