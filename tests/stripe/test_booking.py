# SPDX-License-Identifier: MIT
"""A customer's way by Stripe, from the seats to the ticket, and what happens on it; three books agree in the end."""

import collections
import os
import random
import signal
import threading

import pytest

from gateway_client import settings
from nudge import nudge
from stack import wait_for
from standin import sign


@pytest.fixture(scope="module")
def stack(stripe, own_stack):
    return own_stack(**settings(stripe), GATEWAY_WORKERS=8, PAYMENT_TIMEOUT="2s", PAYMENT_PENDING_TIMEOUT="60s", RESERVATION_TIMEOUT="10m", SWEEPERS=2)


def hurry(stack, order):
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND status = 'PENDING'"
                 " AND kind IN ('PAYMENT_ATTEMPT', 'VOID_CHARGE', 'REFUND_CHARGE')", order["orderId"])


def sent_to_the_page(stack, stripe, *seats, flight=None):
    """An order whose customer is on Stripe's page, and the page."""
    api = stack.api()
    order = api.hold(flight or stack.new_flight(), *(seats or ("A1",)))
    api.pay(order, "12345").ok()
    url = wait_for(lambda: api.order(order).get("paymentUrl"), 10)
    return order, next(s for s in stripe.sessions.values() if s["url"] == url)


def becomes(stack, order, *states, deadline=20):
    def arrived():
        now = stack.api().order(order)
        hurry(stack, order)
        return now if now["status"] in states else None
    return wait_for(arrived, deadline, f"{order['orderId']} to be {states}", interval=0.3)


def three_books_agree(stack, stripe):
    """What Stripe keeps is what confirmed orders cost."""
    def agrees():
        nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE status = 'PENDING' AND kind IN ('VOID_CHARGE', 'REFUND_CHARGE')")
        owed = {row["transaction_id"]: row["cents"] for row in stack.query(
            "SELECT p.transaction_id, CAST(p.amount_cents - COALESCE((SELECT SUM(r.amount_cents) FROM refunds r WHERE r.order_id = p.order_id), 0)"
            " AS SIGNED) AS cents FROM payments p WHERE p.status = 'APPROVED'")}
        kept = {payment: cents for payment, cents in stripe.money().items() if cents}
        return kept == {payment: cents for payment, cents in owed.items() if cents} or None
    wait_for(agrees, 40, "the books of Stripe and of the bookings to agree", interval=0.5)


def test_from_the_seats_to_the_ticket_and_back(stack, stripe):
    order, session = sent_to_the_page(stack, stripe, "A1", "A2")
    assert session["success_url"] == f"https://air.example/?order={order['orderId']}" and session["amount_total"] == 25800
    assert stack.api().order(order)["status"] == "PAYMENT_PENDING"
    stripe.pay(session)
    becomes(stack, order, "CONFIRMED")
    (payment,) = stack.everything(order)["payment"]
    assert payment["transaction_id"] == session["payment_intent"] and payment["attempts"] == 1
    refund = stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 900, "reason": "a test"}).ok(202)
    wait_for(lambda: stack.query("SELECT 1 FROM refunds WHERE refund_id = %s AND status = 'REFUNDED'", refund["refundId"]), 15)
    assert stripe.money()[session["payment_intent"]] == 24900


def test_a_page_that_ends_releases_the_seats(stack, stripe):
    order, session = sent_to_the_page(stack, stripe)
    stripe.end(session)
    assert "Payment declined" in becomes(stack, order, "FAILED")["lastError"]


@pytest.mark.parametrize("how", ["cancelled", "given up"])
def test_an_order_that_ends_ends_its_page(stack, stripe, how):
    order, session = sent_to_the_page(stack, stripe)
    if how == "cancelled":
        stack.api().cancel(order).ok()
    else:
        stack.query("UPDATE payments SET pending_since = UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE WHERE order_id = %s", order["orderId"])
        becomes(stack, order, "FAILED")
    wait_for(lambda: hurry(stack, order) or session["status"] == "expired", 15)
    assert not stripe.pay(session)


def test_paid_a_moment_too_late(stack, stripe):
    """The order ends while the customer pays: all of it is given back."""
    order, session = sent_to_the_page(stack, stripe)
    with stack.without("sweeper"):
        stack.api().cancel(order).ok()
        assert stripe.pay(session)
    wait_for(lambda: hurry(stack, order) or stripe.money()[session["payment_intent"]] == 0, 20)
    assert stack.api().order(order)["status"] == "CANCELLED"


def test_a_crowd_in_bad_weather(stack, stripe):
    """Customers pay, leave, cancel; their banks take their time; Stripe misbehaves and repeats itself; processes are
    killed. Whoever is confirmed has paid once, and nothing is kept of the others."""
    dice, stop = random.Random(int(os.environ.get("STORM_SEED") or 7)), threading.Event()
    flight = stack.new_flight(rows=20)
    troubles = ["500", "500 after", "lost", "garbage", "429", "409", "slow 1"]

    def weather():
        while not stop.wait(0.15):
            with stripe.lock:
                if len(stripe.troubles) < 3:
                    stripe.trouble(dice.choice(["POST /v1/checkout/sessions", "GET /v1/checkout/sessions", "POST /v1/refunds", "GET /v1/refunds"]), dice.choice(troubles))
            if dice.random() < 0.15:
                for pid in dice.sample(stack.pids("stripe-gateway"), 2):
                    os.kill(pid, signal.SIGKILL)

    def hear(kind, session):
        event = stripe.event(kind, session)
        for _ in range(dice.randint(0, 2)):
            stack.api().request("POST", "/webhooks/stripe", body=event, headers={"Stripe-Signature": sign(event)})

    def customer(seat, ends):
        api = stack.api()
        order = api.hold(flight, seat)
        api.pay(order, "12345").ok()

        def page():
            now = api.order(order)
            hurry(stack, order)
            return now.get("paymentUrl") or (now["status"] != "PAYMENT_PENDING" and "over")
        url = wait_for(page, 60, interval=0.3)
        if url != "over":
            session = next(s for s in stripe.sessions.values() if s["id"] in url)
            what = dice.choice(["pay", "pay", "pay", "later", "never", "cancel", "leave"])
            if what in ("pay", "later"):
                stripe.pay(session, "paid" if what == "pay" else "unpaid")
                hear("checkout.session.completed", session)
            if what == "later":
                stripe.bank_decides(session, dice.random() < 0.5)
                hear("checkout.session.async_payment_succeeded" if session["payment_status"] == "paid" else "checkout.session.async_payment_failed", session)
            if what == "never":
                stripe.end(session)
            if what == "cancel":
                stripe.pay(session)
                api.cancel(order)
            if what == "leave":
                stack.query("UPDATE payments SET pending_since = UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE WHERE order_id = %s", order["orderId"])
        ends[order["orderId"]] = becomes(stack, order, "CONFIRMED", "FAILED", "CANCELLED", deadline=90)["status"]

    ends = {}
    sky = threading.Thread(target=weather)
    crowd = [threading.Thread(target=customer, args=(f"{letter}{row}", ends)) for row in range(1, 13) for letter in "ABC"]
    for thread in (sky, *crowd):
        thread.start()
    for thread in crowd:
        thread.join()
    stop.set()
    sky.join()
    stripe.troubles.clear()
    assert len(ends) == 36, "each order came to an end"
    assert collections.Counter(ends.values())["CONFIRMED"] > 3, ends
    three_books_agree(stack, stripe)


def test_the_books_agree_in_the_end(stack, stripe):
    three_books_agree(stack, stripe)


def test_a_day_is_compared_with_stripes_books(stack, stripe):
    """All that happened above agrees; then what only one side knows, and what was given back in the dashboard, shows."""
    sessions = []
    for seat in ("A1", "B1"):
        order, session = sent_to_the_page(stack, stripe, seat)
        stripe.pay(session)
        becomes(stack, order, "CONFIRMED")
        sessions.append((order["orderId"], session["metadata"]["charge"], session["payment_intent"]))
    three_books_agree(stack, stripe)
    date = str(stack.query("SELECT UTC_DATE() AS day")[0]["day"])

    def report():
        stack.admin().post("/api/admin/reconciliation", {"date": date}).ok(202)

        def made():
            answer = stack.admin().get(f"/api/admin/reconciliation?date={date}")
            return answer.ok() if answer.status != 202 else None
        return wait_for(made, 15, "the report")
    agreed = report()
    assert (agreed["status"], agreed["findings"], agreed["lastError"]) == ("DONE", [], None) and agreed["payments"] >= 2
    (one, lost, gone), (two, kept, payment) = sessions
    stray = stripe.take_money(4200)
    stripe.create_refund({"payment_intent": payment, "amount": "77", "metadata[refund]": "by hand"})
    del stripe.payments[gone]
    assert {(each["kind"], each["key"], each["orderId"], each["bookingCents"], each["gatewayCents"]) for each in report()["findings"]} == {
        ("ONLY_GATEWAY", stray["id"], None, None, 4200), ("ONLY_BOOKING", lost, one, 12900, None), ("REFUNDS_DIFFER", kept, two, 0, 77)}
