# SPDX-License-Identifier: MIT
"""PAYMENT_CODE=none: the customer gives no code, and decides at the gateway's."""

import urllib.parse

import pytest

from client import Api
from nudge import nudge
from outside import Outside
from stack import wait_for


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(PAYMENT_CODE="none", PUBLIC_URL="https://fly.example")


@pytest.mark.parametrize("path, status, sent", [
    ("payment", 200, {}), ("payment", 200, {"json": {}}), ("pay", 202, {"json": {"paymentCode": "x"}}), ("pay", 202, {"form": {}})])
def test_a_payment_takes_no_code(stack, api, flight, path, status, sent):
    order = api.hold(flight, "A1")
    api.post(f"/api/orders/{order['orderId']}/{path}", **sent).ok(status)
    (payment,) = stack.everything(order)["payment"]
    assert payment["payment_code"] == ""
    api.cancel(order).ok()


def test_the_simulator_asks_the_customer(stack, api, flight):
    order = api.hold(flight, "A1")
    api.post(f"/api/orders/{order['orderId']}/payment").ok()
    url = urllib.parse.urlsplit(wait_for(lambda: api.order(order).get("paymentUrl"), 5))
    Api(url.hostname, url.port, plain=True).post(url.path, form={"decision": "approve"})
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'PAYMENT_ATTEMPT'", order["orderId"])
    stack.wait_status(order, "CONFIRMED")


def test_the_page_can_know(stack, api, default_stack):
    assert api.get("/health").ok()["settings"]["paymentCode"] == "none"
    assert default_stack.api().get("/health").ok()["settings"]["paymentCode"] == "required"


def test_what_the_gateway_is_asked(own_stack):
    gateway = Outside()
    try:
        gateway.answer = lambda path, body: (200, b'{"transactionId":"tx","status":"APPROVED"}')
        stack = own_stack(PAYMENT_GATEWAY_URL=gateway.url, PAYMENT_CODE="none", PUBLIC_URL="https://fly.example/")
        order = stack.api().hold(stack.new_flight(), "A1")
        stack.api().post(f"/api/orders/{order['orderId']}/payment", {}).ok()
        stack.wait_status(order, "CONFIRMED")
        assert gateway.about(order)[0]["json"] == {
            "orderId": order["orderId"], "amountCents": 12900, "currency": "USD",
            "returnUrl": f"https://fly.example/?order={order['orderId']}"}
    finally:
        gateway.close()
