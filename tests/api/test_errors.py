# SPDX-License-Identifier: MIT
"""Every error code of the contract is provoked once, and must come with its status.

The client checks the shape of the problem documents in all tests.
"""

import uuid

import pytest

from shapes import NO_ORDER

JSON = {"Content-Type": "application/json"}


def held(api, stack):
    return api.hold(stack.new_flight(), "A1")


def order_expired(api, stack):
    order = held(api, stack)
    stack.lapse(order)
    return api.pay(order)


def order_closed(api, stack):
    order = held(api, stack)
    api.cancel(order).ok()
    return api.cancel(order)


def payment_in_progress(api, stack):
    order = held(api, stack)
    api.pay(order, "50400").ok()
    answer = api.pay(order)
    api.cancel(order).ok()
    return answer


def idempotency_mismatch(api, stack):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    order = held(api, stack)
    api.change(order, "B1", headers=key).ok()
    return api.change(order, "B2", headers=key)


def new_order(api, stack, *seats, **flight):
    return api.post("/api/orders", {"flightId": stack.new_flight(**flight), "seats": seats})


def seats_unavailable(api, stack):
    return api.post("/api/orders", {"flightId": held(api, stack)["flightId"], "seats": ["A1"]})


CODES = {
    "INVALID_JSON": (400, lambda api, stack: api.post("/api/orders", body=b"{", headers=JSON)),
    "INVALID_REQUEST": (400, lambda api, stack: api.get("/api/orders")),
    "INVALID_SEATS": (400, lambda api, stack: new_order(api, stack, "Z99")),
    "INVALID_PAYMENT_CODE": (400, lambda api, stack: api.pay(held(api, stack), "1234")),
    "UNAUTHORIZED": (401, None),
    "FORBIDDEN": (403, lambda api, stack: api.get("/api/admin/jobs", headers={"X-Forwarded-For": "203.0.113.1"})),
    "FLIGHT_NOT_FOUND": (404, lambda api, stack: api.get("/api/flights/nowhere")),
    "ORDER_NOT_FOUND": (404, lambda api, stack: api.get(f"/api/orders/{NO_ORDER}")),
    "NOT_FOUND": (404, lambda api, stack: api.get("/api/nothing")),
    "METHOD_NOT_ALLOWED": (405, lambda api, stack: api.delete("/api/flights")),
    "SEATS_UNAVAILABLE": (409, seats_unavailable),
    "ORDER_EXPIRED": (409, order_expired),
    "ORDER_CLOSED": (409, order_closed),
    "PAYMENT_IN_PROGRESS": (409, payment_in_progress),
    "FLIGHT_DEPARTED": (409, lambda api, stack: new_order(api, stack, "A1", departs_in=-1)),
    "FLIGHT_CLOSED": (409, lambda api, stack: new_order(api, stack, "A1", status="CLOSED")),
    "FLIGHT_CANCELLED": (409, lambda api, stack: new_order(api, stack, "A1", status="CANCELLED")),
    "PRECONDITION_FAILED": (412, lambda api, stack: api.change(held(api, stack), "B1", headers={"If-Match": '"9999"'})),
    "PAYLOAD_TOO_LARGE": (413, lambda api, stack: api.post("/api/orders", body=b" " * 70000, headers=JSON)),
    "UNSUPPORTED_MEDIA_TYPE": (415, lambda api, stack: api.post("/api/orders", body=b"x", headers={"Content-Type": "text/x"})),
    "IDEMPOTENCY_MISMATCH": (422, idempotency_mismatch),
}

# Other tests provoke these: they need a stack in trouble (test_outages.py), or one with limits (tests/api/security) or a
# rule (test_best_seats.py).
ELSEWHERE = {"INTERNAL", "DATABASE_UNAVAILABLE", "TOO_MANY_REQUESTS", "SINGLE_SEAT_LEFT"}

CONTRACT = {
    "INVALID_JSON", "INVALID_REQUEST", "INVALID_SEATS", "INVALID_PAYMENT_CODE", "FLIGHT_NOT_FOUND", "ORDER_NOT_FOUND",
    "NOT_FOUND", "METHOD_NOT_ALLOWED", "SEATS_UNAVAILABLE", "SINGLE_SEAT_LEFT", "ORDER_EXPIRED", "ORDER_CLOSED", "PAYMENT_IN_PROGRESS",
    "FLIGHT_DEPARTED", "FLIGHT_CLOSED", "FLIGHT_CANCELLED", "PRECONDITION_FAILED", "PAYLOAD_TOO_LARGE", "IDEMPOTENCY_MISMATCH", "UNAUTHORIZED", "FORBIDDEN",
    "TOO_MANY_REQUESTS", "INTERNAL", "DATABASE_UNAVAILABLE",
}


def test_the_table_is_complete():
    assert set(CODES) - {"UNSUPPORTED_MEDIA_TYPE"} | ELSEWHERE == CONTRACT


@pytest.mark.parametrize("error", CODES)
def test_code(default_stack, quick_stack, error):
    status, provoke = CODES[error]
    if error == "UNAUTHORIZED":
        answer = quick_stack.api().get("/api/admin/jobs")
    else:
        answer = provoke(default_stack.api(), default_stack)
    problem = answer.refused(status, error)
    assert problem["title"] != problem["detail"], "a title for the kind, a sentence for the case"
    assert problem["detail"].endswith((".", "!", "?")), "a sentence for people"
