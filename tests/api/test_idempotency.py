# SPDX-License-Identifier: MIT
"""Idempotency-Key: a repeated request is done once and answered the same."""

import json
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from stack import wait_for


@pytest.fixture
def key():
    return {"Idempotency-Key": f"test-{uuid.uuid4()}"}


def same(first, again):
    """Checks that `again` is the stored answer of `first`, and says so."""
    assert (again.status, again.body) == (first.status, first.body) if first.status < 400 else \
        (again.status, again.json["error"]) == (first.status, first.json["error"]), f"{first} then {again}"
    assert first.headers["Idempotency-Replayed"] is None
    assert again.headers["Idempotency-Replayed"] == "true"
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]


def orders_of(stack, flight):
    return stack.query("SELECT COUNT(*) AS n FROM orders WHERE flight_id = %s", flight)[0]["n"]


def test_a_hold(stack, api, flight, key):
    body = {"userId": "x", "seats": ["A1"]}
    first = api.post(f"/api/flights/{flight}/orders", body, headers=key)
    first.ok(201)
    same(first, api.post(f"/api/flights/{flight}/orders", body, headers=key))
    assert orders_of(stack, flight) == 1


def test_each_kind_of_change(stack, api, flight, key):
    order = api.hold(flight, "A1")
    requests = [
        lambda k: api.put(f"/api/orders/{order['orderId']}/seats", {"seats": ["B1"]}, headers=k),
        lambda k: api.change(order, "B2", headers=k),
        lambda k: api.pay(order, "50400", headers=k),
        lambda k: api.cancel(order, headers=k),
    ]
    for n, request in enumerate(requests):
        k = {"Idempotency-Key": f"{key['Idempotency-Key']}-{n}"}
        first = request(k)
        assert first.status == 200, first
        version = stack.row(order)["version"]
        same(first, request(k))
        assert stack.row(order)["version"] == version or n == 2, "done once"
    events = [event["type"] for event in api.events(order)]
    assert (events.count("SEATS_CHANGED"), events.count("PAYMENT_SUBMITTED"), events.count("ORDER_CANCELLED")) == (2, 1, 1)


def test_pay_twice_by_key_gets_the_first_answer(api, flight, key):
    """Design: submitting a payment twice makes one payment, and by its key the second request gets the first answer."""
    order = api.hold(flight, "A1")
    first = api.post(f"/api/orders/{order['orderId']}/pay", {"paymentCode": "50400"}, headers=key)
    first.ok(202)
    same(first, api.post(f"/api/orders/{order['orderId']}/pay", {"paymentCode": "50400"}, headers=key))
    api.pay(order, "50400").refused(409, "PAYMENT_IN_PROGRESS")
    api.cancel(order).ok()


@pytest.mark.parametrize("other", ["body", "path", "method"])
def test_another_request_with_the_key(stack, api, flight, key, other):
    order = api.hold(flight, "A1")
    both = {"seats": ["B1"], "paymentCode": "99999"}
    path = f"/api/orders/{order['orderId']}/seats"
    api.post(path, both, headers=key).ok()
    method, path, body = {
        "body": ("POST", path, {"seats": ["C1"]}),
        "path": ("POST", f"/api/orders/{order['orderId']}/pay", both),
        "method": ("PUT", path, both),
    }[other]
    before = stack.everything(order)
    api.request(method, path, body, headers=key).refused(422, "IDEMPOTENCY_MISMATCH")
    assert stack.everything(order) == before


def test_refusals_are_replayed(stack, api, flight, key):
    """The first answer comes again, even if the seat has become free in the meantime."""
    holder = api.hold(flight, "A1")
    body = {"flightId": flight, "seats": ["A1"]}
    first = api.post("/api/orders", body, headers=key)
    first.refused(409, "SEATS_UNAVAILABLE")
    api.cancel(holder).ok()
    again = api.post("/api/orders", body, headers=key)
    same(first, again)
    assert again.json["seats"] == ["A1"]
    assert orders_of(stack, flight) == 1


@pytest.mark.parametrize("body, status, error", [
    ({"seats": ["Z1"]}, 400, "INVALID_SEATS"), ({"seats": ["A1"], "flightId": "nowhere"}, 404, "FLIGHT_NOT_FOUND")])
def test_invalid_requests_are_answered_alike_twice(api, flight, key, body, status, error):
    body = {"flightId": flight, **body}
    for _ in range(2):
        api.post("/api/orders", body, headers=key).refused(status, error)


def keys_kept(stack, key):
    return len(stack.query("SELECT 1 FROM idempotency_keys WHERE key_hash = UNHEX(SHA2(%s, 256))", key["Idempotency-Key"]))


@pytest.mark.parametrize("path, body, content_type, status", [
    ("/api/orders", b'{"flightId": ', "application/json", 400),
    ("/api/orders", b'{"flightId": "nowhere", "seats": ["A1"]}', "application/json", 404),
    ("/api/orders", b'{"flightId": "%s", "seats": ["Z99"]}', "application/json", 400),
    ("/api/orders", b'{"flightId": "%s"}', "application/json", 400),
    ("/api/orders", b'{"flightId": "%s", "seats": ["A1"]}', "text/plain", 415),
    ("/api/orders/00000000-0000-7000-8000-000000000000/payment", b'{"paymentCode": "99999"}', "application/json", 404),
    ("/api/orders/no-order/payment", b'{"paymentCode": "99999"}', "application/json", 404),
    ("/api/orders/no-order/payment", b'{"paymentCode": "9"}', "application/json", 400)])
def test_what_no_use_case_decided_leaves_the_key_to_the_corrected_request(stack, api, flight, key, path, body, content_type, status):
    body = body.replace(b"%s", flight.encode())
    assert api.post(path, body=body, headers={**key, "Content-Type": content_type}).status == status
    assert keys_kept(stack, key) == 0
    api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}, headers=key).ok(201)
    assert keys_kept(stack, key) == 1


def test_two_keys_are_refused(stack, api, flight):
    body = json.dumps({"flightId": flight, "seats": ["A1"]}).encode()
    head = (f"POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Idempotency-Key: one\r\nIdempotency-Key: two\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", stack.port)) as s:
        s.sendall(head + body)
        assert s.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert orders_of(stack, flight) == 0


def test_a_claim_that_another_request_took_over_is_no_defect(stack, api, flight, key):
    """The first request waited for locks longer than its claim lasts. The repeat took over the claim, and the first is
    told to ask again."""
    body = {"flightId": flight, "seats": ["A1"]}
    blocker = stack.db()
    with blocker, ThreadPoolExecutor(1) as pool:
        blocker.begin()
        blocker.cursor().execute("SELECT 1 FROM seats WHERE flight_id = %s FOR UPDATE", (flight,))
        first = pool.submit(api.post, "/api/orders", body, headers=key)
        wait_for(lambda: keys_kept(stack, key), 5, "the first request to begin")
        stack.query("UPDATE idempotency_keys SET owner = owner + 1 WHERE key_hash = UNHEX(SHA2(%s, 256))", key["Idempotency-Key"])
        blocker.rollback()
        answer = first.result()
    answer.refused(409, "REQUEST_IN_PROGRESS")
    assert int(answer.headers["Retry-After"]) >= 1 and orders_of(stack, flight) == 0


def test_concurrent_duplicates_do_the_work_once(stack, api, flight, key):
    body = {"flightId": flight, "seats": ["A1", "A2"]}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: api.post("/api/orders", body, headers=key), range(10)))
    for answer in answers:
        assert answer.status in (201, 409), answer
        if answer.status == 409:
            assert int(answer.headers["Retry-After"]) >= 1, "still running: the client should try again"
            assert answer.json["error"] != "SEATS_UNAVAILABLE", "refused because of its own duplicate"
    assert len({answer.json["orderId"] for answer in answers if answer.status == 201}) == 1
    assert orders_of(stack, flight) == 1


def test_still_running(stack, api, flight, key):
    """While the first request waits for a lock, its duplicate is told to try again."""
    body = {"flightId": flight, "seats": ["A1"]}

    def duplicate(status):
        answer = api.post("/api/orders", body, headers=key)
        return answer if answer.status == status else None

    blocker = stack.db()
    with blocker, ThreadPoolExecutor(1) as pool:
        blocker.begin()
        blocker.cursor().execute("SELECT 1 FROM seats WHERE flight_id = %s FOR UPDATE", (flight,))
        first = pool.submit(api.post, "/api/orders", body, headers=key)
        wait_for(lambda: stack.query("SELECT 1 FROM idempotency_keys WHERE key_hash = UNHEX(SHA2(%s, 256))",
                                     key["Idempotency-Key"]), 5, "the first request to begin")
        waiting = wait_for(lambda: duplicate(409), 5, "the duplicate to be told to wait")
        assert int(waiting.headers["Retry-After"]) >= 1
        assert waiting.json["error"] != "SEATS_UNAVAILABLE"
        blocker.rollback()
        first.result().ok(201)
    again = wait_for(lambda: duplicate(201), 5)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert orders_of(stack, flight) == 1


def test_a_client_that_hangs_up_and_repeats_is_served_once(stack, api, flight, key):
    """Design: when a client hangs up, or repeats after losing the answer, the work is done once."""
    body = json.dumps({"flightId": flight, "seats": ["A1"]}).encode()
    head = (f"POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {key['Idempotency-Key']}\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", stack.port)) as hasty:
        hasty.sendall(head + body)
    repeated = wait_for(lambda: (lambda a: a if a.status != 409 else None)(
        api.post("/api/orders", body=body, headers={**key, "Content-Type": "application/json"})), 5)
    order = repeated.ok(201)
    assert orders_of(stack, flight) == 1
    assert api.order(order)["seats"] == ["A1"]


@pytest.mark.parametrize("bad", ["", "x" * 256, "a b", "a\tb", "é"])
def test_invalid_keys(stack, api, flight, bad):
    headers = {"Idempotency-Key": bad.encode("utf-8").decode("latin-1")}
    api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}, headers=headers).refused(400, "INVALID_REQUEST")
    assert orders_of(stack, flight) == 0


@pytest.mark.parametrize("good", ["!", "~", "x" * 255, "'; DROP TABLE orders; --".replace(" ", "_"), '"quoted"'])
def test_valid_keys(stack, api, flight, good):
    headers = {"Idempotency-Key": good if len(good) == 255 else good + uuid.uuid4().hex}
    if len(good) == 255:
        headers = {"Idempotency-Key": (uuid.uuid4().hex + good)[:255]}
    body = {"flightId": flight, "seats": ["A1"]}
    assert api.post("/api/orders", body, headers=headers).ok(201) == api.post("/api/orders", body, headers=headers).ok(201)


def test_the_same_key_of_another_path_and_user_is_no_way_to_read_an_answer(api, stack, key):
    """A key is bound to its request, so guessing one reveals nothing."""
    one, two = stack.new_flight(), stack.new_flight()
    api.post(f"/api/flights/{one}/orders", {"userId": "x", "seats": ["A1"]}, headers=key).ok(201)
    refused = api.post(f"/api/flights/{two}/orders", {"userId": "x", "seats": ["A1"]}, headers=key).refused(
        422, "IDEMPOTENCY_MISMATCH")
    assert "orderId" not in refused


def test_get_ignores_the_key(api, flight, key):
    order = api.hold(flight, "A1", )
    path = f"/api/orders/{order['orderId']}"
    api.get(path, headers=key).ok()
    api.change(order, "B1").ok()
    assert api.get(path, headers=key).ok()["seats"] == ["B1"]
