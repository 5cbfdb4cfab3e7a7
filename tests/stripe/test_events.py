# SPDX-License-Identifier: MIT
"""What Stripe tells by itself: signed, perhaps twice, late, or out of order, and never more than a hint."""

import time

import pytest

from gateway_client import Gateway, settings
from nudge import nudge
from stack import free_port, wait_for
from standin import WEBHOOK_SECRET, sign

COMPLETED = "checkout.session.completed"


def status(gateway, key):
    return gateway.row(key)["status"]


def test_an_event_decides_without_a_question(gateway, stripe):
    key, session = gateway.opened()
    stripe.pay(session)
    event = stripe.event(COMPLETED, session)
    for _ in range(2):
        assert gateway.hear(event).ok() == {"status": "RECEIVED"}
    before = len(stripe.calls)
    assert gateway.charge(key)[1].ok() == {"transactionId": session["payment_intent"], "status": "APPROVED"}
    assert len(stripe.calls) == before


def test_an_event_of_a_page_that_ended(gateway, stripe):
    key, session = gateway.opened()
    stripe.end(session)
    assert gateway.hear(stripe.event("checkout.session.expired", session)).status == 200
    assert gateway.charge(key)[1].ok(402)["status"] == "DECLINED"


@pytest.mark.parametrize("is_paid", [True, False])
def test_events_in_the_wrong_order(gateway, stripe, is_paid):
    key, session = gateway.opened()
    stripe.pay(session, "unpaid")
    early = stripe.event(COMPLETED, session)
    stripe.bank_decides(session, is_paid)
    late = stripe.event(f"checkout.session.async_payment_{'succeeded' if is_paid else 'failed'}", session)
    assert [gateway.hear(event).status for event in (late, early, late)] == [200] * 3
    assert status(gateway, key) == ("APPROVED" if is_paid else "DECLINED")


def test_an_event_about_a_voided_charge_changes_nothing(gateway, stripe):
    key, session = gateway.opened()
    stripe.pay(session)
    assert gateway.void(key).ok()["status"] == "VOIDED"
    assert gateway.hear(stripe.event(COMPLETED, session)).status == 200
    assert status(gateway, key) == "VOIDED" and stripe.money()[session["payment_intent"]] == 0


def test_events_about_others_are_thanked_for(gateway, stripe):
    other = {"id": "cs_of_another_shop", "object": "checkout.session", "status": "complete", "payment_status": "paid",
             "payment_intent": "pi_x", "amount_total": 1, "currency": "usd"}
    for kind, thing in ((COMPLETED, other), ("customer.created", {"id": "cus_1", "object": "customer"}), ("payout.paid", {}),
                        ("refund.updated", {"id": "re_x", "object": "refund", "status": "succeeded"})):
        assert gateway.hear(stripe.event(kind, thing)).status == 200


def test_what_stripe_did_not_sign_is_not_believed(gateway, stripe):
    key, session = gateway.opened()
    stripe.pay(session)
    event = stripe.event(COMPLETED, session)
    now = int(time.time())
    good = sign(event)
    digest = good.split("v1=")[1].split(",")[0]
    for wrong in ("", "t=,v1=", sign(event, "whsec_another-secret"), sign(event + b" "), sign(event, "", now), f"t={now},v0={digest}",
                  f"t={now + 1},v1={digest}", f"t={now},t={now},v1={digest}", f"v1={digest}", digest, sign(event, at=now - 400), sign(event, at=now + 400)):
        assert gateway.hear(event, wrong).status == 400, wrong
    assert gateway.hear(b"", sign(b"")).status == 200, "signed, but says nothing"
    assert status(gateway, key) == "ASKED"
    assert gateway.hear(event, f"t={now},v1={'0' * 64},v1={sign(event, at=now).split('v1=')[1]}").status == 200
    assert status(gateway, key) == "APPROVED"


def test_two_secrets_during_a_change(stripe, own_stack):
    stack = own_stack(**{**settings(stripe), "STRIPE_WEBHOOK_SECRET": "whsec_the-new-secret", "STRIPE_WEBHOOK_SECRET_BEFORE": WEBHOOK_SECRET},
                      GATEWAY_WORKERS=2)
    gateway = Gateway(stack, stripe)
    for secret in ("whsec_the-new-secret", WEBHOOK_SECRET):
        key, session = gateway.opened()
        stripe.pay(session)
        event = stripe.event(COMPLETED, session)
        assert gateway.hear(event, sign(event, secret)).status == 200
        assert status(gateway, key) == "APPROVED"
    assert gateway.hear(b"{}", sign(b"{}", "whsec_of-anybody-else")).status == 400


def test_news_are_told_to_the_sweeper(stripe, own_stack):
    """An event confirms the order at once, though the sweeper's next question is a minute away; no code is asked for."""
    port = free_port()
    stack = own_stack(**{**settings(stripe), "PUBLIC_URL": f"http://127.0.0.1:{port}/"}, SERVER_PORT=port, GATEWAY_WORKERS=3, PAYMENT_CODE="none",
                      PAYMENT_NOTIFY_SECRET="whsec_" + "bm90aWNlcyBvZiB0aGUgZ2F0ZXdheQ==", PAYMENT_TIMEOUT="2s", SWEEPER_POLL_INTERVAL="10m")
    api = stack.api()
    order = api.hold(stack.new_flight(), "A1")
    api.post(f"/api/orders/{order['orderId']}/payment", {}).ok()
    url = wait_for(lambda: api.order(order).get("paymentUrl"), 10)
    (session,) = [each for each in stripe.sessions.values() if each["url"] == url]
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE WHERE order_id = %s AND status = 'PENDING'", order["orderId"])
    stripe.pay(session)
    event = stripe.event("checkout.session.completed", session)
    for _ in range(2):
        assert api.request("POST", "/webhooks/stripe", body=event, headers={"Stripe-Signature": sign(event)}).status == 200
    stack.wait_status(order, "CONFIRMED", deadline=5)
