# SPDX-License-Identifier: MIT
"""Holding seats: by contract A and contract B, all or nothing, and for how long."""

import pytest

from shapes import ORDER_FIELDS, UUID, seconds, when


def test_contract_a(api, flight):
    answer = api.post(f"/api/flights/{flight}/orders", {"userId": "alice", "seats": ["A1", "A2"]})
    order = answer.ok(201)
    assert answer.headers["Location"].endswith(f"/api/orders/{order['orderId']}")
    assert answer.etag == f'"{order["version"]}"'
    assert set(order) == ORDER_FIELDS
    assert UUID.fullmatch(order["orderId"])
    assert {k: order[k] for k in ("flightId", "userId", "status", "seats", "workflowId", "paymentAttempts",
                                  "maxPaymentAttempts", "lastError", "totalPriceCents", "currency")} == {
        "flightId": flight, "userId": "alice", "status": "SEATS_RESERVED", "seats": ["A1", "A2"],
        "workflowId": f"booking-{order['orderId']}", "paymentAttempts": 0, "maxPaymentAttempts": 3,
        "lastError": None, "totalPriceCents": 2 * 12900, "currency": "USD"}
    assert order["message"] == "Your seats are held. Pay before the time runs out."
    assert seconds(order["reservedAt"], order["expiresAt"]) == 900
    assert order["timerRemaining"] in (899, 900)
    assert isinstance(order["version"], int)
    for field in ("serverTime", "createdAt", "updatedAt"):
        when(order[field])


def test_contract_b(api, flight):
    answer = api.post("/api/orders", {"flightId": flight, "seats": ["B1"], "userId": "bob"})
    order = answer.ok(201)
    assert answer.headers["Location"].endswith(f"/api/orders/{order['orderId']}")
    assert set(order) == ORDER_FIELDS
    assert (order["flightId"], order["userId"], order["seats"]) == (flight, "bob", ["B1"])
    assert order["status"] == "SEATS_RESERVED" and order["workflowId"] == f"booking-{order['orderId']}"


def test_contract_b_without_a_user_is_a_guest(api, flight):
    assert api.post("/api/orders", {"flightId": flight, "seats": ["B1"]}).ok(201)["userId"] == "guest"


def test_the_order_can_be_read_back(api, flight):
    order = api.hold(flight, "A1", "A2")
    answer = api.get(f"/api/orders/{order['orderId']}")
    shown = answer.ok()
    moving = {"serverTime", "timerRemaining"}
    assert {k: shown[k] for k in ORDER_FIELDS - moving} == {k: order[k] for k in ORDER_FIELDS - moving}
    assert api.get(f"/api/orders/{order['orderId']}/status").ok()["status"] == "SEATS_RESERVED"


def test_what_is_stored(stack, api, flight):
    order = api.hold(flight, "B2", "A1", user="carol")
    stored = stack.everything(order)
    assert (stored["order"]["status"], stored["order"]["seats"]) == ("SEATS_RESERVED", "B2,A1")
    held = {s["seat_number"]: s for s in stored["seats"] if s["status"] != "AVAILABLE"}
    assert set(held) == {"A1", "B2"}
    for seat in held.values():
        assert (seat["status"], seat["reserved_by"], seat["user_id"]) == ("RESERVED", order["orderId"], "carol")
    (timer,) = stored["jobs"]
    assert (timer["kind"], timer["run_at"]) == ("EXPIRE_HOLD", stored["order"]["expires_at"])
    assert [event["type"] for event in stored["events"]] == ["ORDER_CREATED", "SEATS_RESERVED"]


def test_seats_come_back_in_the_order_asked_for_and_in_upper_case(api, flight):
    order = api.hold(flight, "c3", "A1", "b2")
    assert order["seats"] == ["C3", "A1", "B2"]
    assert {n for n, status in api.seats(flight).items() if status == "RESERVED"} == {"A1", "B2", "C3"}


@pytest.mark.parametrize("user", ["x", "u" * 50, "é" * 50, "山田 太郎", "o'brien; DROP TABLE orders --", "😀" * 50])
def test_valid_user_ids(api, flight, user):
    order = api.hold(flight, "A1", user=user)
    assert order["userId"] == user == api.order(order)["userId"]


@pytest.mark.parametrize("user", ["", "u" * 51, "u" * 200, "é" * 51, "a\nb", "a\x00b", "a\x7fb", 7, None, ["x"], {"a": 1}, True])
def test_invalid_user_ids(api, flight, user):
    refused = api.post(f"/api/flights/{flight}/orders", {"userId": user, "seats": ["A1"]}).refused(400, "INVALID_REQUEST")
    assert refused["field"] == "userId"
    assert api.seats(flight)["A1"] == "AVAILABLE"


def test_contract_a_wants_a_user(api, flight):
    assert api.post(f"/api/flights/{flight}/orders", {"seats": ["A1"]}).refused(400, "INVALID_REQUEST")["field"] == "userId"


def test_a_taken_seat_is_named_and_nothing_else_is_taken(stack, api, flight):
    held = api.hold(flight, "A1", "A2")
    before = stack.everything(held)
    refused = api.post(f"/api/flights/{flight}/orders", {"userId": "eve", "seats": ["B1", "A2", "C1", "a1"]}).refused(
        409, "SEATS_UNAVAILABLE")
    assert sorted(refused["seats"]) == ["A1", "A2"]
    assert stack.everything(held) == before
    assert stack.query("SELECT COUNT(*) AS n FROM orders WHERE flight_id = %s", flight) == [{"n": 1}]


def test_a_booked_seat_is_refused_as_well(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order).ok()
    stack.wait_status(order, "CONFIRMED")
    refused = api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).refused(409, "SEATS_UNAVAILABLE")
    assert refused["seats"] == ["A1"]


def test_nine_seats_and_no_more(api, flight):
    nine = [f"A{n}" for n in range(1, 10)]
    refused = api.post("/api/orders", {"flightId": flight, "seats": nine + ["A10"]}).refused(400, "INVALID_SEATS")
    assert refused["field"] == "seats"
    assert api.post("/api/orders", {"flightId": flight, "seats": nine}).ok(201)["totalPriceCents"] == 9 * 12900


@pytest.mark.parametrize("seats, named", [
    (["A1", "A1"], ["A1"]), (["A1", "a1"], ["A1"]), (["A1", "A99"], ["A99"]), (["D1"], ["D1"]), (["A0"], ["A0"]),
])
def test_repeated_and_unknown_seats_are_named(api, flight, seats, named):
    refused = api.post("/api/orders", {"flightId": flight, "seats": seats}).refused(400, "INVALID_SEATS")
    assert (refused["field"], refused["seats"]) == ("seats", named)
    assert set(api.seats(flight).values()) == {"AVAILABLE"}


def test_unknown_flight(api):
    api.post("/api/flights/no-such-flight/orders", {"userId": "x", "seats": ["A1"]}).refused(404, "FLIGHT_NOT_FOUND")
    api.post("/api/orders", {"flightId": "no-such-flight", "seats": ["A1"]}).refused(404, "FLIGHT_NOT_FOUND")


def test_flight_ids_are_matched_exactly(api):
    api.get("/api/flights/fl123").refused(404, "FLIGHT_NOT_FOUND")
    api.get("/api/flights/FL-101").refused(404, "FLIGHT_NOT_FOUND")


def test_a_departed_flight_sells_nothing(stack, api):
    gone = stack.new_flight(departs_in=-1)
    api.post("/api/orders", {"flightId": gone, "seats": ["A1"]}).refused(409, "FLIGHT_DEPARTED")


def test_a_hold_never_runs_past_departure(stack, api):
    leaving = stack.new_flight(departs_in=100)
    order = api.hold(leaving, "A1")
    assert order["expiresAt"] == api.get(f"/api/flights/{leaving}").ok()["departureTime"]
    assert 90 <= order["timerRemaining"] <= 100


def test_unknown_fields_are_ignored(api, flight):
    api.post("/api/orders", {"flightId": flight, "seats": ["A1"], "colour": "red", "status": "CONFIRMED",
                             "totalPriceCents": 1, "deep": {"er": [1, {"x": None}]}}).ok(201)
