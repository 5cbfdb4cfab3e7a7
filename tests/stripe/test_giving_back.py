# SPDX-License-Identifier: MIT
"""Voids and refunds by way of Stripe: nothing stays with us that is not ours, and nothing is given back twice."""

import threading
import time
import uuid

import pytest


def refunds(stripe, session):
    return [r for r in stripe.refunds.values() if r["payment_intent"] == session["payment_intent"] and r["status"] != "failed"]


# -- voids ------------------------------------------------------------------------------------------

def test_a_void_ends_the_page(gateway, stripe):
    key, session = gateway.opened()
    for _ in range(2):
        assert gateway.void(key).ok()["status"] == "VOIDED"
    assert session["status"] == "expired" and not stripe.pay(session)
    assert gateway.charge(key)[1].ok(410)["status"] == "VOIDED"


def test_a_void_before_any_charge(gateway, stripe):
    key, before = str(uuid.uuid4()), len(stripe.calls)
    assert gateway.void(key).ok()["status"] == "VOIDED"
    assert gateway.charge(key)[1].ok(410)["status"] == "VOIDED"
    assert len(stripe.calls) == before and stripe.session_of(key) is None


@pytest.mark.parametrize("is_known", [True, False], ids=["approved", "paid meanwhile"])
def test_a_void_gives_back_what_was_paid(gateway, stripe, is_known):
    key, session = gateway.opened()
    stripe.pay(session)
    if is_known:
        gateway.charge(key)[1].ok()
    for _ in range(3):
        assert gateway.void(key).ok()["status"] == "VOIDED"
    assert [r["amount"] for r in refunds(stripe, session)] == [12900] and stripe.money()[session["payment_intent"]] == 0
    assert gateway.charge(key)[1].ok(410)["status"] == "VOIDED"


def test_a_void_waits_for_the_bank(gateway, stripe):
    key, session = gateway.opened()
    stripe.pay(session, "unpaid")
    answer = gateway.void(key)
    assert answer.status == 503 and int(answer.headers["Retry-After"]) == 60
    assert gateway.charge(key)[1].ok(410)["status"] == "VOIDED", "it is voided all the same"
    stripe.bank_decides(session, True)
    assert gateway.void(key).ok()["status"] == "VOIDED"
    assert stripe.money()[session["payment_intent"]] == 0


@pytest.mark.parametrize("where, what", [("POST /v1/checkout/sessions/", "500"), ("POST /v1/checkout/sessions/", "lost"), ("POST /v1/checkout/sessions/", "429"),
                                         ("GET /v1/checkout/sessions/", "garbage"), ("POST /v1/refunds", "lost"), ("POST /v1/refunds", "500"),
                                         ("POST /v1/refunds", "500 after"), ("POST /v1/refunds", "409")])
def test_a_void_is_not_answered_before_it_is_done(gateway, stripe, where, what):
    key, session = gateway.opened()
    stripe.pay(session)
    stripe.trouble(where, what)
    assert gateway.void(key).status in (409, 429, 503)
    for _ in range(3):
        if gateway.void(key).status == 200:
            break
    assert gateway.void(key).ok()["status"] == "VOIDED"
    assert [r["amount"] for r in refunds(stripe, session)] == [12900]


def test_a_void_while_the_page_is_being_made(gateway, stripe):
    """The void is in the books before the page is: the customer never hears of it."""
    key = f"race-{time.time_ns()}"
    stripe.trouble("POST /v1/checkout/sessions", "slow 0.8")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(gateway.charge(key)[1]))
    thread.start()
    time.sleep(0.4)
    assert gateway.void(key).ok()["status"] == "VOIDED"
    thread.join()
    assert answers[0].ok(410)["status"] == "VOIDED"
    assert stripe.session_of(key)["status"] == "expired" and gateway.row(key)["session_id"] is None


def test_a_void_of_what_was_given_back_in_the_dashboard(gateway, stripe):
    key, session = gateway.paid()
    stripe.create_refund({"payment_intent": session["payment_intent"], "amount": "12900", "metadata[refund]": "by hand"})
    assert gateway.void(key).ok()["status"] == "VOIDED"
    assert len(refunds(stripe, session)) == 1


def test_a_void_whose_refund_comes_back_is_tried_again(gateway, stripe):
    key, session = gateway.paid()
    stripe.refund_status = "pending"
    assert gateway.void(key).status == 503
    stripe.refund_comes_back(refunds(stripe, session)[0])
    stripe.refund_status = "succeeded"
    assert [gateway.void(key).status for _ in range(3)][-1] == 200
    assert stripe.money()[session["payment_intent"]] == 0


# -- refunds ----------------------------------------------------------------------------------------

def test_refunds_in_part_and_whole(gateway, stripe):
    key, session = gateway.paid()
    first = str(uuid.uuid4())
    for _ in range(3):
        assert gateway.refund(key, 900, first).ok() == {"refundId": first, "status": "REFUNDED", "amountCents": 900}
    assert gateway.refund(key, 800, first).ok(422)["reason"] == "this key belongs to another refund"
    assert gateway.refund(key, 12001).ok(422)["reason"] == "more than was captured"
    gateway.refund(key, 12000).ok()
    assert sorted(r["amount"] for r in refunds(stripe, session)) == [900, 12000]
    assert gateway.void(key).ok(409)["status"] == "REFUSED"
    assert gateway.charge(key)[1].ok()["status"] == "APPROVED"


def test_a_refund_of_what_was_not_captured(gateway, stripe):
    key, _ = gateway.opened()
    assert gateway.refund(key, 100).ok(422)["reason"] == "nothing was captured"
    assert gateway.refund("unknown", 100).status == 404
    assert gateway.refund(key, 0).status == 400 and gateway.api.post(f"/charges/{key}/refunds", {"amountCents": 1}).status == 400


@pytest.mark.parametrize("trouble", ["500", "500 after", "lost", "garbage", "429", "409"])
def test_a_refund_is_made_once_whatever_happens(gateway, stripe, trouble):
    key, session = gateway.paid()
    refund = str(uuid.uuid4())
    stripe.trouble("POST /v1/refunds", trouble)
    assert gateway.refund(key, 500, refund).status == (int(trouble) if trouble in ("429", "409") else 503)
    for _ in range(3):
        answer = gateway.refund(key, 500, refund)
    assert answer.ok()["status"] == "REFUNDED"
    assert [r["amount"] for r in refunds(stripe, session)] == [500]


def test_a_refund_after_stripe_forgot_the_key(gateway, stripe):
    """Stripe keeps a key for a day, and the sweeper repeats for as long as it takes."""
    key, session = gateway.paid()
    refund = str(uuid.uuid4())
    stripe.trouble("POST /v1/refunds", "lost")
    assert gateway.refund(key, 500, refund).status == 503
    stripe.answers.clear()
    gateway.refund(key, 500, refund).ok()
    assert len(refunds(stripe, session)) == 1


def test_a_refund_that_takes_its_time(gateway, stripe):
    key, session = gateway.paid()
    refund = str(uuid.uuid4())
    stripe.refund_status = "pending"
    answer = gateway.refund(key, 500, refund)
    assert answer.ok(202)["status"] == "PENDING" and int(answer.headers["Retry-After"]) == 60
    refunds(stripe, session)[0]["status"] = "succeeded"
    assert gateway.refund(key, 500, refund).ok()["status"] == "REFUNDED"
    assert len(refunds(stripe, session)) == 1


def test_a_refund_that_the_bank_sends_back_is_final(gateway, stripe):
    key, session = gateway.paid()
    refund = str(uuid.uuid4())
    stripe.refund_status = "pending"
    gateway.refund(key, 500, refund).ok(202)
    made = refunds(stripe, session)[0]
    stripe.refund_comes_back(made)
    assert gateway.hear(stripe.event("refund.failed", made)).status == 200
    assert gateway.refund(key, 500, refund).ok(422) == {"status": "REFUSED", "reason": "lost_or_stolen_card"}
    stripe.refund_status = "succeeded"
    gateway.refund(key, 12900).ok()


def test_many_refunds_at_once_never_exceed_what_was_captured(gateway, stripe):
    key, session = gateway.paid()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(gateway.refund(key, 3000).status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 4 + [422] * 4
    assert stripe.money()[session["payment_intent"]] == 900
