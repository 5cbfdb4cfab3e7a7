# SPDX-License-Identifier: MIT
"""POST /api/gateway/notify: the gateway says that it has news about a charge, and the sweeper asks for them at once."""

import json
import threading

import pytest

from outside import Outside
from signing import SECRET, signed
from stack import wait_for


@pytest.fixture(scope="module")
def gateway():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(gateway, own_stack):
    return own_stack(PAYMENT_GATEWAY_URL=gateway.url, PAYMENT_NOTIFY_SECRET=SECRET, PAYMENT_TIMEOUT="5s", SWEEPERS=2)


def notify(api, key, **more):
    body = json.dumps({"key": key}).encode()
    return api.post("/api/gateway/notify", body=body, headers=signed(body, **more))


PENDING, APPROVED = (202, b'{"status":"PENDING"}'), (200, b'{"transactionId":"tx","status":"APPROVED"}')


def waiting(stack, api, gateway, retry_after="60"):
    """An order whose gateway is deciding, and whose next question is a minute away."""
    gateway.answer = lambda path, body: (200, b"{}") if path.endswith("/void") else (*PENDING, {"Retry-After": retry_after})
    order = api.hold(stack.new_flight(), "A1")
    api.pay(order, "12345").ok()
    wait_for(lambda: stack.query("SELECT 1 FROM workflow_jobs WHERE order_id = %s AND status = 'PENDING' AND last_error IS NOT NULL",
                                 order["orderId"]), 5)
    return order, stack.everything(order)["payment"][0]["payment_id"]


def test_the_gateway_is_asked_at_once(stack, api, gateway):
    order, key = waiting(stack, api, gateway)
    gateway.answer = lambda path, body: APPROVED
    told = notify(api, key)
    assert (told.status, told.body) == (204, b"")
    stack.wait_status(order, "CONFIRMED", deadline=3)
    assert len(gateway.about(order)) == 2


def test_what_a_notice_says_is_not_believed(stack, api, gateway):
    """Whatever else is in it: only the gateway's answer to the sweeper counts."""
    order, key = waiting(stack, api, gateway)
    body = json.dumps({"key": key, "status": "APPROVED", "transactionId": "forged"}).encode()
    assert api.post("/api/gateway/notify", body=body, headers=signed(body)).status == 204
    wait_for(lambda: len(gateway.about(order)) == 2, 3)
    assert api.order(order)["status"] == "PAYMENT_PENDING"
    api.cancel(order).ok()


def test_news_that_come_while_a_question_is_on_its_way(stack, api, gateway):
    """The answer on its way may be older than the news, so another question follows at once."""
    order, key = waiting(stack, api, gateway)
    asked, go = threading.Event(), threading.Event()

    def slow(path, body):
        asked.set()
        go.wait(4)
        gateway.answer = lambda path, body: APPROVED
        return (*PENDING, {"Retry-After": "60"})
    gateway.answer = slow
    assert notify(api, key).status == 204
    assert asked.wait(3)
    assert notify(api, key).status == 204
    go.set()
    stack.wait_status(order, "CONFIRMED", deadline=3)
    assert len(gateway.about(order)) == 3


def test_twice_is_fine_and_late_is_fine(stack, api, gateway):
    order, key = waiting(stack, api, gateway)
    gateway.answer = lambda path, body: APPROVED
    assert [notify(api, key).status for _ in range(3)] == [204] * 3
    confirmed = stack.wait_status(order, "CONFIRMED", deadline=3)
    assert notify(api, key).status == 204
    assert api.order(order)["version"] == confirmed["version"]
    assert len([e for e in api.events(order) if e["outcome"] == "APPROVED"]) == 1


def test_it_makes_no_attempt_earlier(stack, api, gateway):
    """A payment that is not pending at the gateway waits for its next attempt, however often the gateway has news."""
    gateway.answer = lambda path, body: (200, b"{}") if path.endswith("/void") else (503, b"", {"Retry-After": "60"})
    order = api.hold(stack.new_flight(), "A1")
    api.pay(order, "12345").ok()
    wait_for(lambda: api.order(order)["lastError"], 5)
    before = stack.everything(order)["jobs"]
    assert notify(api, stack.everything(order)["payment"][0]["payment_id"]).status == 204
    assert stack.everything(order)["jobs"] == before
    api.cancel(order).ok()


@pytest.mark.parametrize("key", ["no-such-charge", "01a1fb06-d777-7189-a870-40b2550ef873"])
def test_a_charge_that_is_not_known(api, stack, key):
    """204 as for any other: a gateway that repeats what is refused would repeat this one for days."""
    assert notify(api, key).status == 204


@pytest.mark.parametrize("wrong", [
    {"secret": "another-secret-of-someone"}, {"at": -301}, {"at": 301}, {"identifier": ""}, {"identifier": "x" * 200}],
    ids=["secret", "old", "early", "no id", "long id"])
def test_who_does_not_sign_is_not_heard(stack, api, gateway, wrong):
    order, key = waiting(stack, api, gateway)
    before = stack.everything(order)
    notify(api, key, **wrong).refused(403, "FORBIDDEN")
    assert stack.everything(order) == before
    api.cancel(order).ok()


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed(api, name):
    body = b'{"key": "k"}'
    sent = {header: value for header, value in signed(body).items() if header != name}
    api.post("/api/gateway/notify", body=body, headers=sent).refused(403, "FORBIDDEN")


def test_another_body_than_was_signed(api):
    api.post("/api/gateway/notify", body=b'{"key": "other"}', headers=signed(b'{"key": "k"}')).refused(403, "FORBIDDEN")


def test_one_of_several_signatures_is_enough(api):
    """During a change of the secret the gateway signs with both."""
    body = b'{"key": "k"}'
    sent, other = signed(body), signed(body, secret="the-secret-before-it")
    both = {**sent, "webhook-signature": other["webhook-signature"] + " " + sent["webhook-signature"]}
    assert api.post("/api/gateway/notify", body=body, headers=both).status == 204


@pytest.mark.parametrize("body, error", [(b"{}", "INVALID_REQUEST"), (b'{"key": 7}', "INVALID_REQUEST"), (b'{"key": "a b"}', "INVALID_REQUEST"),
                                         (b"[]", "INVALID_JSON"), (b"{", "INVALID_JSON")])
def test_a_signed_body_that_makes_no_sense(api, body, error):
    answer = api.post("/api/gateway/notify", body=body, headers=signed(body))
    assert answer.status == 400 and answer.json["error"] in (error, "INVALID_REQUEST")


def test_without_a_secret_there_is_nothing(default_stack):
    body = b'{"key": "k"}'
    default_stack.api().post("/api/gateway/notify", body=body, headers=signed(body)).refused(404, "NOT_FOUND")
