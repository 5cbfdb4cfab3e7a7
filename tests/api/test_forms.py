# SPDX-License-Identifier: MIT
"""Bodies that HTMX forms and `curl -d` send: application/x-www-form-urlencoded."""

import pytest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("seats", [
    [("seats", "A1"), ("seats", "B2")],
    [("seats", "A1,B2")],
    [("seats", "A1, b2")],
    [("seats", "A1,B2"), ("unknown", "x")],
], ids=["repeated", "comma", "comma and space", "unknown field"])
def test_hold(api, flight, seats):
    order = api.post(f"/api/flights/{flight}/orders", form=[("userId", "form user"), *seats]).ok(201)
    assert (order["seats"], order["userId"]) == (["A1", "B2"], "form user")


def test_repeated_and_comma_mix(api, flight):
    form = [("flightId", flight), ("seats", "A1,A2"), ("seats", "A3")]
    assert api.post("/api/orders", form=form).ok(201)["seats"] == ["A1", "A2", "A3"]


def test_the_whole_way_by_forms(stack, api, flight):
    order = api.post("/api/orders", form={"flightId": flight, "seats": "A1", "userId": "é +&=%"}).ok(201)
    assert order["userId"] == "é +&=%"
    path = f"/api/orders/{order['orderId']}"
    assert api.post(f"{path}/seats", form=[("seats", "B1"), ("seats", "B2")]).ok()["seats"] == ["B1", "B2"]
    assert api.put(f"{path}/seats", form={"seats": "c1"}).ok()["seats"] == ["C1"]
    assert api.post(f"{path}/payment", form={"paymentCode": "99999"}).ok()["status"] == "PAYMENT_PENDING"
    stack.wait_status(order, "CONFIRMED")


def test_plus_is_a_space_and_percent_is_decoded(api, flight):
    body = f"userId=a+b%20c%C3%A9&seats=%41%31&flightId={flight}".encode()
    order = api.post("/api/orders", body=body, headers=FORM).ok(201)
    assert (order["userId"], order["seats"]) == ("a b cé", ["A1"])


def test_a_charset_parameter_is_fine(api, flight):
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    api.post(f"/api/flights/{flight}/orders", body=b"userId=x&seats=A1", headers=headers).ok(201)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    api.post(f"/api/flights/{flight}/orders", body=b'{"userId":"x","seats":["A2"]}', headers=headers).ok(201)


@pytest.mark.parametrize("body, status, error, field", [
    (b"", 400, "INVALID_REQUEST", "userId"),
    (b"userId=x", 400, "INVALID_SEATS", "seats"),
    (b"userId=x&seats=", 400, "INVALID_SEATS", "seats"),
    (b"userId=x&seats=,", 400, "INVALID_SEATS", "seats"),
    (b"userId=x&seats=A1,A1", 400, "INVALID_SEATS", "seats"),
    (b"userId=x&seats=A1&seats=a1", 400, "INVALID_SEATS", "seats"),
    (b"userId=&seats=A1", 400, "INVALID_REQUEST", "userId"),
    (b"userId=a%00b&seats=A1", 400, "INVALID_REQUEST", None),
    (b"userId=%ff%fe&seats=A1", 400, "INVALID_REQUEST", None),
    (b"userId=%zz&seats=A1", 400, "INVALID_REQUEST", None),
    (b"userId=%4&seats=A1", 400, "INVALID_REQUEST", None),
])
def test_bad_forms(stack, api, flight, body, status, error, field):
    refused = api.post(f"/api/flights/{flight}/orders", body=body, headers=FORM).refused(status, error)
    assert field is None or refused["field"] == field
    assert stack.query("SELECT COUNT(*) AS n FROM orders WHERE flight_id = %s", flight) == [{"n": 0}]
