"""A payment gateway that is not the simulator: known by URL only, and not always sensible."""

import json

import pytest

from outside import Outside
from stack import wait_for


@pytest.fixture(scope="module")
def gateway():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(own_stack, gateway):
    return own_stack(PAYMENT_GATEWAY_URL=gateway.url, PAYMENT_TIMEOUT="1s")


def charges(answer):
    """Answers charges so, and voids as they should be."""
    return lambda path, body: (200, b"{}") if path.endswith("/void") else answer


def approved(transaction="tx-1"):
    return 200, json.dumps({"transactionId": transaction, "status": "APPROVED"}).encode()


def paid(stack, api, flight, *final):
    order = api.hold(flight, "A1", "A2")
    api.pay(order, "12345").ok()
    return stack.wait_status(order, *final, deadline=15)


def voids(gateway, key):
    return [call for call in list(gateway.calls) if call["path"] == f"/charges/{key}/void"]


def test_what_it_is_asked(stack, api, flight, gateway):
    gateway.answer = charges(approved())
    order = paid(stack, api, flight, "CONFIRMED")
    (call,) = gateway.about(order)
    assert call["path"] == "/charges" and call["headers"]["Content-Type"].startswith("application/json")
    assert call["json"] == {"orderId": order["orderId"], "paymentCode": "12345", "amountCents": 25800, "currency": "USD"}
    (payment,) = stack.everything(order)["payment"]
    assert call["headers"]["Idempotency-Key"] == payment["payment_id"]
    assert payment["transaction_id"] == "tx-1"
    assert api.get("/health").ok()["settings"]["paymentSimulator"] is False


def test_a_final_refusal_is_not_repeated(stack, api, flight, gateway):
    """4xx final: no attempt mends it. What it may have taken is voided all the same."""
    gateway.answer = charges((422, b'{"error":"no"}'))
    order = paid(stack, api, flight, "FAILED")
    (call,) = gateway.about(order)
    assert order["paymentAttempts"] == 1
    wait_for(lambda: voids(gateway, call["headers"]["Idempotency-Key"]), 5)


def test_a_decline_in_its_own_words(stack, api, flight, gateway):
    gateway.answer = charges((402, json.dumps({"status": "DECLINED", "reason": "carte volée"}).encode()))
    order = paid(stack, api, flight, "FAILED")
    assert (order["paymentAttempts"], order["lastError"]) == (1, "Payment declined: carte volée")
    assert not voids(gateway, gateway.about(order)[0]["headers"]["Idempotency-Key"])


NONSENSE = [
    (500, b""), (302, b""), (200, b""), (200, b"<html>sign in to the hotel's network</html>"), (200, b"[]"), (200, b"{}"),
    (200, b'{"status":"APPROVED"}'), (200, b'{"status":"PENDING","transactionId":"t"}'), (200, b'{"transactionId":"t"}'),
    (200, b'{"status":"APPROVED","transactionId":7}'), (200, b'{"status":"APPROVED","transactionId":""}'),
    (200, b'{"status":"APPROVED","transactionId":"' + b"t" * 101 + b'"}'),
    (200, b'{"status":"APPROVED","transactionId":"\xff"}'), (200, b"[" * 100000), (200, b"x" * 2_000_000), (204, b""), None,
]


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda a: "hangs up" if a is None else f"{a[0]} {a[1][:36]!r}")
def test_an_answer_that_makes_no_sense_is_no_approval(stack, gateway, nonsense_orders, answer):
    """Whatever it means, the money may have been taken: the same key again, and in the end a void."""
    order = nonsense_orders[answer]
    failed = stack.wait_status(order, "FAILED", deadline=20)
    assert failed["paymentAttempts"] == 3 and failed["lastError"]
    calls = gateway.about(order)
    keys = {call["headers"]["Idempotency-Key"] for call in calls}
    assert (len(calls), len(keys)) == (3, 1)
    wait_for(lambda: voids(gateway, *keys), 10, "a void")


@pytest.fixture(scope="module")
def nonsense_orders(stack, gateway):
    """Starts all the nonsense at once, at the first use, so that the waits between attempts pass side by side."""
    api, answers, orders = stack.api(), {}, {}

    def answer(path, body):
        return (200, b"{}") if path.endswith("/void") else answers[body["orderId"]]

    for each in NONSENSE:
        orders[each] = api.hold(stack.new_flight(rows=1, layout="A"), "A1")
        answers[orders[each]["orderId"]] = each
    gateway.answer = answer
    for order in orders.values():
        api.pay(order, "12345").ok()
    return orders


def test_a_void_is_repeated_until_it_is_answered(stack, api, flight, gateway):
    answers = iter([(500, b""), None, (404, b""), (200, b"{}")])
    gateway.answer = lambda path, body: next(answers, (200, b"{}")) if path.endswith("/void") else (500, b"")
    order = paid(stack, api, flight, "FAILED")
    key = gateway.about(order)[0]["headers"]["Idempotency-Key"]

    def done():
        for job in stack.everything(order)["jobs"]:  # without the waits between
            api.post(f"/api/admin/jobs/{job['job_id']}/retry")
        return not stack.has_job(order, "VOID_CHARGE")
    wait_for(done, 15, "the void to be answered", interval=0.1)
    outcomes = [event["outcome"] for event in api.events(order) if event["type"] == "VOID_ATTEMPT"]
    assert outcomes[-1] == "VOIDED" and len(outcomes) >= 3
    assert len(voids(gateway, key)) >= len(outcomes)


def test_a_gateway_that_is_not_there(stack, api, flight, gateway):
    """Cancelled while it cannot be reached: the customer need not wait for it."""
    gateway.answer = lambda path, body: None
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()
    wait_for(lambda: gateway.about(order), 5)
    assert api.cancel(order).ok()["status"] == "CANCELLED"
    gateway.answer = charges(approved())
    for job in stack.everything(order)["jobs"]:
        api.post(f"/api/admin/jobs/{job['job_id']}/retry")
    wait_for(lambda: not stack.everything(order)["jobs"], 15, "the void")
