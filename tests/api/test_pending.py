# SPDX-License-Identifier: MIT
"""Payments about which the customer decides elsewhere: on a page of the gateway's, to which the order shows the way."""

import html
import re
import urllib.parse

import pytest

from client import Api
from nudge import nudge
from shapes import seconds
from stack import wait_for


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(PAYMENT_TIMEOUT="1s", PAYMENT_PENDING_TIMEOUT="4s", PUBLIC_URL="https://fly.example/",
                     PAYMENT_GATEWAY_TOKEN="a-token-for-the-gateway", SWEEPERS=2)


@pytest.fixture
def order(api, flight):
    held = api.hold(flight, "A1", "A2")
    api.pay(held, "20203").ok()
    return held


def page_of(api, order):
    """The page of the gateway's that the order shows the way to, once it does."""
    return wait_for(lambda: api.order(order).get("paymentUrl"), 5, "a paymentUrl")


def browse(url, form=None):
    """What a customer's browser does there; it has no token."""
    parts = urllib.parse.urlsplit(url)
    gateway = Api(parts.hostname, parts.port, plain=True)
    return gateway.post(parts.path, form=form) if form else gateway.get(parts.path)


def ask_now(stack, order):
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'PAYMENT_ATTEMPT'"
                 " AND status = 'PENDING'", order["orderId"])


def test_the_order_shows_the_way(stack, api, order):
    before = api.order(order)
    assert before["status"] == "PAYMENT_PENDING"
    url = page_of(api, order)
    assert url.startswith(f"http://127.0.0.1:{stack.settings['GATEWAY_PORT']}/")
    waiting = api.get(f"/api/orders/{order['orderId']}")
    assert waiting.json["message"] == "Please complete your payment on the page of the payment service."
    assert (waiting.json["paymentAttempts"], waiting.json["lastError"]) == (1, None)
    status = api.get(f"/api/orders/{order['orderId']}/status").ok()
    assert (status["status"], status["paymentUrl"]) == ("PAYMENT_PROCESSING", url)
    (listed,) = api.get(f"/api/orders?userId={order['userId']}").ok()["orders"]
    assert listed["paymentUrl"] == url
    shown = browse(url)
    assert shown.status == 200 and shown.headers["Content-Type"].startswith("text/html")
    assert order["orderId"] in shown.body.decode() and "258.00 USD" in shown.body.decode()


@pytest.mark.parametrize("decision, final, words", [
    ("approve", "CONFIRMED", None), ("decline", "FAILED", "Payment declined: declined by the customer")])
def test_the_customer_decides_and_comes_back(stack, api, order, decision, final, words):
    url = page_of(api, order)
    done = browse(url, {"decision": decision})
    assert done.status == 200
    home = f"https://fly.example/?order={order['orderId']}"
    assert done.headers["Refresh"] == f"0;url={home}"
    assert html.unescape(re.search(r'<a href="([^"]*)">', done.body.decode())[1]) == home
    assert api.order(order)["status"] != "FAILED", "the browser decides nothing"
    ask_now(stack, order)
    settled = stack.wait_status(order, final, deadline=10)
    assert (settled["lastError"], settled["paymentAttempts"]) == (words, 1)
    assert "paymentUrl" not in settled
    # Deciding again changes nothing, whatever is decided.
    again = browse(url, {"decision": "decline" if decision == "approve" else "approve"})
    assert ("Approved" if decision == "approve" else "Declined") in again.body.decode()
    assert stack.charge(order)["status"] == ("APPROVED" if decision == "approve" else "DECLINED")


def test_a_customer_who_does_nothing(stack, api, order):
    page_of(api, order)
    failed = stack.wait_status(order, "FAILED", deadline=10)
    assert failed["lastError"] == "Your payment was not completed in time" and "paymentUrl" not in failed
    (submitted,) = [event for event in api.events(order) if event["type"] == "PAYMENT_SUBMITTED"]
    assert 4 <= seconds(submitted["createdAt"], failed["updatedAt"]) <= 6
    wait_for(lambda: not stack.has_job(order, "VOID_CHARGE"), 5, "the void")


def test_departure_comes_before_the_timeout(stack, api, flight, order):
    page_of(api, order)
    stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) + INTERVAL 1 SECOND WHERE flight_id = %s", flight)
    ask_now(stack, order)
    failed = stack.wait_status(order, "FAILED", deadline=6)
    assert failed["lastError"] == "Your flight has departed"
    (submitted,) = [event for event in api.events(order) if event["type"] == "PAYMENT_SUBMITTED"]
    assert seconds(submitted["createdAt"], failed["updatedAt"]) < 4


def test_cancelled_before_the_customer_decides(stack, api, order):
    """What the customer approves afterwards is not captured any more."""
    url = page_of(api, order)
    assert "paymentUrl" not in api.cancel(order).ok()
    wait_for(lambda: not stack.has_job(order, "VOID_CHARGE"), 10, "the void")
    late = browse(url, {"decision": "approve"})
    assert "not wanted any more" in late.body.decode()
    assert api.order(order)["status"] == "CANCELLED"
    key = stack.everything(order)["payment"][0]["payment_id"]
    (charge,) = stack.gateway_query("SELECT status, captured_at FROM charges WHERE idempotency_key = %s", key)
    assert charge == {"status": "VOIDED", "captured_at": None}


@pytest.mark.parametrize("form, status", [({"decision": "maybe"}, 400), ({"x": "approve"}, 400)])
def test_the_page_takes_only_its_own_buttons(stack, api, order, form, status):
    url = page_of(api, order)
    assert browse(url, form).status == status
    assert stack.charge(order) is None


def test_a_page_about_nothing(stack):
    url = f"http://127.0.0.1:{stack.settings['GATEWAY_PORT']}/charges/no-such-key/page"
    assert browse(url).status == 404 and browse(url, {"decision": "approve"}).status == 404
    assert browse(url.removesuffix("/page")).status == 401, "all else needs the token"


def test_what_is_pending_without_a_page_shows_none(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "20201").ok()
    wait_for(lambda: stack.everything(order)["payment"][0]["pending_since"], 5)
    waiting = api.order(order)
    assert "paymentUrl" not in waiting and waiting["message"] == "Validating your payment…"
