# SPDX-License-Identifier: MIT
"""Charges by way of Stripe: asked for once, followed to their end, and never taken for more than Stripe says."""

import time

import pytest

from stack import wait_for
from standin import PAGE


def creates(stripe, key):
    return [call for call in stripe.calls if call[:2] == ("POST", "/v1/checkout/sessions") and call[2]["metadata[charge]"] == key]


def test_what_stripe_is_asked(gateway, stripe):
    key, session = gateway.opened(cents=25800, currency="EUR")
    ((_, _, asked, idempotency_key),) = creates(stripe, key)
    assert idempotency_key == key
    assert 30 * 60 + 50 < int(asked.pop("expires_at")) - time.time() <= 31 * 60
    assert asked == {
        "mode": "payment", "payment_method_types[0]": "card", "adaptive_pricing[enabled]": "false",
        "line_items[0][quantity]": "1", "line_items[0][price_data][currency]": "EUR", "line_items[0][price_data][unit_amount]": "25800",
        "line_items[0][price_data][product_data][name]": f"Booking gateway-test-{key[:8]}",
        "success_url": "https://air.example/?order=1&x=%C3%A4", "cancel_url": "https://air.example/?order=1&x=%C3%A4",
        "client_reference_id": f"gateway-test-{key[:8]}", "metadata[charge]": key,
        "payment_intent_data[metadata][charge]": key, "payment_intent_data[metadata][order]": f"gateway-test-{key[:8]}"}
    assert session["url"] == PAGE.format(session["id"]) and len(session["url"]) > 700


def test_a_charge_is_followed_until_it_is_paid(gateway, stripe):
    key, session = gateway.opened()
    assert gateway.charge(key)[1].ok(202) == {"status": "PENDING", "redirectUrl": session["url"]}
    assert gateway.api.get(f"/charges/{key}").ok()["status"] == "PENDING"
    stripe.pay(session)
    assert gateway.charge(key)[1].ok() == {"transactionId": session["payment_intent"], "status": "APPROVED"}
    before = len(stripe.calls)
    assert gateway.charge(key)[1].ok() == {"transactionId": session["payment_intent"], "status": "APPROVED"}
    assert len(stripe.calls) == before, "what is decided is not asked for again"
    charge = gateway.api.get(f"/charges/{key}").ok()
    assert (charge["status"], charge["amountCents"], charge["voidedAt"]) == ("APPROVED", 12900, None) and charge["capturedAt"]
    assert len(creates(stripe, key)) == 1


def test_a_page_that_is_left_ends_as_a_decline(gateway, stripe):
    key, session = gateway.opened()
    stripe.end(session)
    assert gateway.charge(key)[1].ok(402) == {"status": "DECLINED", "reason": "the payment page was left until it ended"}
    assert gateway.charge(key)[1].ok(402)["status"] == "DECLINED"


@pytest.mark.parametrize("is_paid", [True, False])
def test_a_bank_that_decides_later(gateway, stripe, is_paid):
    key, session = gateway.opened()
    stripe.pay(session, "unpaid")
    assert gateway.charge(key)[1].ok(202) == {"status": "PENDING"}, "the customer has nothing to do any more"
    stripe.bank_decides(session, is_paid)
    answer = gateway.charge(key)[1]
    if is_paid:
        assert answer.ok()["transactionId"] == session["payment_intent"]
    else:
        assert answer.ok(402) == {"status": "DECLINED", "reason": "Your bank says no."}


def test_another_amount_than_was_asked_for_is_no_approval(gateway, stripe):
    key, session = gateway.opened()
    session["amount_total"] = 1290
    stripe.pay(session)
    assert gateway.charge(key)[1].status == 503
    assert gateway.hear(stripe.event("checkout.session.completed", session)).status == 200
    assert gateway.row(key)["status"] == "ASKED"
    session["amount_total"] = 12900
    session["currency"] = "mxn"
    assert gateway.charge(key)[1].status == 503
    session["currency"] = "usd"
    gateway.charge(key)[1].ok()


@pytest.mark.parametrize("trouble, status, least", [("500", 202, 0), ("500 after", 202, 0), ("lost", 503, 0), ("garbage", 503, 0), ("429", 429, 2), ("409", 409, 1)])
def test_a_page_that_cannot_be_had_at_once(gateway, stripe, trouble, status, least):
    """Whatever happens on the way, there is one page for the customer in the end. Stripe keeps a 500 under the key for a
    day, so the second question goes out under another, and what the first may have made is a page that no customer knows."""
    key = f"trouble-{trouble.replace(' ', '-')}-{time.time_ns()}"
    stripe.trouble("POST /v1/checkout/sessions", trouble)
    first = gateway.charge(key)[1]
    assert first.status == (503 if trouble.startswith("500") else status)
    assert int(first.headers.get("Retry-After", 0)) == least
    told = {gateway.charge(key)[1].ok(202)["redirectUrl"] for _ in range(3)}
    assert len(told) == 1
    session = next(s for s in stripe.sessions.values() if s["url"] in told)
    assert gateway.row(key)["session_id"] == session["id"]
    keys = [call[3] for call in creates(stripe, key)]
    assert set(keys) == ({key, f"{key}-1"} if trouble.startswith("500") else {key})
    stripe.pay(session)
    gateway.charge(key)[1].ok()


def test_an_answer_that_comes_too_late_is_asked_for_again(gateway, stripe):
    """The gateway gives up before the sweeper does, and Stripe may still be at it."""
    key = f"slow-{time.time_ns()}"
    stripe.trouble("POST /v1/checkout/sessions", "slow 2.5")
    begun = time.monotonic()
    assert gateway.charge(key)[1].status == 503
    assert 1.4 < time.monotonic() - begun < 1.9
    assert gateway.charge(key)[1].status == 409, "the key is in use"
    wait_for(lambda: gateway.charge(key)[1].status == 202, 5, interval=0.2)
    assert len([s for s in stripe.sessions.values() if s["metadata"]["charge"] == key]) == 1


def test_a_page_asked_for_late_gets_another_end(gateway, stripe, stack):
    """Stripe takes no page that ends in less than 30 minutes, and an attempt may come long after the one before."""
    key = f"late-{time.time_ns()}"
    stripe.trouble("POST /v1/checkout/sessions", "429")
    assert gateway.charge(key)[1].status == 429
    stack.gateway_query("UPDATE stripe_charges SET page_ends_at = UTC_TIMESTAMP(3) + INTERVAL 29 MINUTE WHERE idempotency_key = %s", key)
    gateway.charge(key)[1].ok(202)
    assert stripe.session_of(key)["expires_at"] > time.time() + 1800


@pytest.mark.parametrize("where", ["429", "500", "lost", "garbage"])
def test_a_question_that_is_not_answered_decides_nothing(gateway, stripe, where):
    key, session = gateway.opened()
    stripe.trouble("GET /v1/checkout/sessions", where)
    assert gateway.charge(key)[1].status == (429 if where == "429" else 503)
    gateway.charge(key)[1].ok(202)


def test_what_stripe_refuses_is_final(gateway, stripe):
    _, answer = gateway.charge(cents=49)
    assert answer.ok(422) == {"status": "REFUSED", "reason": "The amount must be at least 50 cents."}


def test_nothing_to_pay_needs_no_page(gateway, stripe):
    before = len(stripe.calls)
    key, answer = gateway.charge(cents=0)
    assert answer.ok()["status"] == "APPROVED" and gateway.void(key).ok()["status"] == "VOIDED"
    assert len(stripe.calls) == before


@pytest.mark.parametrize("currency, ours, theirs", [("JPY", 500, 500), ("ISK", 5, 500), ("UGX", 700, 70000), ("MGA", 50000, 500),
                                                    ("KWD", 5120, 5120), ("HUF", 1045, 1045)])
def test_amounts_are_what_stripe_makes_of_them(gateway, stripe, currency, ours, theirs):
    key, session = gateway.opened(cents=ours, currency=currency)
    assert (session["amount_total"], session["currency"]) == (theirs, currency.lower())
    stripe.pay(session)
    gateway.charge(key)[1].ok()
    gateway.refund(key, ours).ok()
    assert stripe.money()[session["payment_intent"]] == 0


@pytest.mark.parametrize("currency, cents", [("KWD", 5124), ("MGA", 50001), ("CLF", 100)])
def test_amounts_that_stripe_does_not_take_are_refused(gateway, stripe, currency, cents):
    _, answer = gateway.charge(cents=cents, currency=currency)
    assert answer.ok(422)["status"] == "REFUSED"


@pytest.mark.parametrize("more", [{"returnUrl": None}, {"returnUrl": "javascript:x"}, {"returnUrl": "https://x/ä"}, {"orderId": ""}, {"currency": "QQQ"}, {"amountCents": -1}])
def test_what_is_no_charge_is_refused(gateway, stripe, more):
    before = len(stripe.calls)
    assert gateway.charge(**more)[1].status == 400
    assert len(stripe.calls) == before


def test_only_the_webhook_is_public(gateway, stack):
    key, _ = gateway.opened()
    site = stack.api()
    assert site.request("POST", f"/charges/{key}/void", {}).status in (404, 405)
    assert site.request("POST", "/webhooks/stripe/", {}).status in (404, 405)
    assert site.get("/webhooks/stripe").status == 405
    assert gateway.row(key)["status"] == "ASKED"


def test_the_secrets_are_the_gateway_programs_alone(stack):
    secrets = (stack.settings["STRIPE_SECRET_KEY"], stack.settings["STRIPE_WEBHOOK_SECRET"])
    for program in ("booking-api", "booking-watch", "sweeper", "nginx", "mariadbd", "stripe-gateway"):
        pids = stack.pids(program)
        assert pids or program == "mariadbd"
        for pid in pids:
            environment = open(f"/proc/{pid}/environ", "rb").read().decode(errors="replace")
            assert all((secret in environment) == (program == "stripe-gateway") for secret in secrets), program
    assert not any(secret in stack.logs() for secret in secrets) and not stack.pids("payment-gateway")


def test_no_process_of_it_runs_unless_it_is_asked_for(shared_stack):
    stack = shared_stack("default")
    assert not stack.pids("stripe-gateway") and len(stack.pids("payment-gateway")) > 1
    assert stack.api().request("POST", "/webhooks/stripe", {}).status in (404, 405)
