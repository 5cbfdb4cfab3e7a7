# SPDX-License-Identifier: MIT
"""A client that does not know an order's id learns nothing about the order, and ids cannot be guessed."""

import json
import statistics
import uuid

import pytest

from client import new_user


def test_order_ids_are_random(api, stack):
    """Each id has 74 random bits. Any two ids differ in about half of them, and none follows from the previous one."""
    ids = []
    for _ in range(4):
        flight = stack.new_flight()
        ids += [uuid.UUID(api.hold(flight, f"{column}{row}")["orderId"]) for column in "ABC" for row in range(1, 11)]
    assert len(set(ids)) == len(ids) and {id_.version for id_ in ids} == {7}
    random = [(id_.int & ((1 << 62) - 1)) | ((id_.int >> 64 & 0xFFF) << 62) for id_ in ids]
    for bit in range(74):
        ones = sum(value >> bit & 1 for value in random)
        assert 25 <= ones <= len(ids) - 25, f"bit {bit}: {ones} of {len(ids)}"
    distances = [bin(a ^ b).count("1") for a, b in zip(random, random[1:])]
    assert 33 < statistics.mean(distances) < 41 and min(distances) > 15


@pytest.fixture
def theirs(stack, api, flight):
    """Another customer's orders, in all states that show on a seat."""
    user = new_user()
    held, paid = api.hold(flight, "A1", "A2", user=user), api.hold(flight, "B1", user=user)
    api.pay(paid).ok()
    stack.wait_status(paid, "CONFIRMED")
    return {"user": user, "orders": [held, paid], "marks": [user, held["orderId"], paid["orderId"], "userId", "reservedBy",
                                                             "orderId", "lockedBy"]}


def test_seat_maps_never_say_who(api, flight, theirs):
    for path in (f"/api/flights/{flight}", f"/live/flights/{flight}", f"/api/flights/{flight}/seats", f"/live/flights/{flight}/seats",
                 f"/api/flights/{flight}/seats?status=RESERVED", f"/api/flights/{flight}/seats?status=BOOKED",
                 "/api/flights", "/health", "/metrics"):
        text = api.get(path).body.decode()
        assert not [mark for mark in theirs["marks"] if mark in text], path


def test_refusals_never_say_who(api, flight, theirs):
    for answer in (api.post("/api/orders", {"flightId": flight, "seats": ["A1", "B1", "C1"]}),
                   api.change(api.hold(flight, "C2"), "A2", "B1")):
        problem = answer.refused(409, "SEATS_UNAVAILABLE")
        assert not [mark for mark in theirs["marks"] if mark in json.dumps(problem)]


@pytest.mark.parametrize("change", [
    lambda text: text[:-1], lambda text: text[:-1] + "_", lambda text: text[:-4] + "%25",
    lambda text: "%25", lambda text: "*", lambda text: text + "%00", lambda text: text + "%20x", lambda text: "booking-" + text,
    lambda text: text.replace("-", ""), lambda text: "{" + text + "}", lambda text: "0"])
def test_only_the_exact_id_opens_an_order(api, theirs, change):
    for order in theirs["orders"]:
        wrong = change(order["orderId"])
        for suffix in ("", "/status", "/events"):
            for prefix in ("/api", "/live"):
                answer = api.get(f"{prefix}/orders/{wrong}{suffix}")
                assert answer.status in (400, 404) and theirs["user"] not in answer.body.decode()
        for method, suffix, body in (("DELETE", "", None), ("POST", "/payment", {"paymentCode": "99999"}),
                                     ("PUT", "/seats", {"seats": ["C3"]})):
            answer = api.request(method, f"/api/orders/{wrong}{suffix}", **({"json": body} if body else {}))
            assert answer.status in (400, 404)


def test_a_list_is_of_one_exact_user(api, theirs):
    user = theirs["user"]
    assert len(api.get(f"/api/orders?userId={user}").ok()["orders"]) == 2
    for other in (user[:-1], user.upper(), f"{user}x", "%25", f"{user[:4]}%25", "_" * len(user), f"x%27%20OR%20%27{user}"):
        assert api.get(f"/api/orders?userId={other}").ok()["orders"] == []
    api.get("/api/orders").refused(400, "INVALID_REQUEST")
    # If the parameter is repeated, the first counts, for the list and for limits and logs.
    assert api.get(f"/api/orders?userId=x-{user}&userId={user}").ok()["orders"] == []


def test_an_idempotency_key_opens_only_its_own_request(api, flight):
    key = {"Idempotency-Key": f"guessable-{flight}"}
    mine = api.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "first"}, headers=key).ok(201)
    for body in ({"flightId": flight, "seats": ["A1"], "userId": "second"}, {"flightId": flight, "seats": ["A2"], "userId": "first"}):
        answer = api.post("/api/orders", body, headers=key)
        answer.refused(422, "IDEMPOTENCY_MISMATCH")
        assert mine["orderId"] not in answer.body.decode()
    api.delete("/api/orders/" + str(uuid.uuid4()), headers=key).refused(422, "IDEMPOTENCY_MISMATCH")


def test_a_precondition_reveals_no_unknown_order(api):
    answer = api.delete(f"/api/orders/{uuid.uuid4()}", headers={"If-Match": '"1"'})
    assert "order" not in answer.refused(404, "ORDER_NOT_FOUND")
