# SPDX-License-Identifier: MIT
"""The list of what Stripe captured, for the comparison with our books: Stripe's word, by our keys."""

import datetime
import json
import uuid

import pytest


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
def day(stripe):
    """A time in which nothing was captured but what a test moves into it: [from, to)."""
    stripe.days = getattr(stripe, "days", 1_700_000_000) + 86400
    return stripe.days, stripe.days + 86400


def page(gateway, day, cursor=None):
    return gateway.api.get(f"/charges?from={moment(day[0])}&to={moment(day[1])}" + (f"&cursor={cursor}" if cursor else ""))


def captured(gateway, stripe, at, **more):
    """A charge of ours that was captured then: its key and payment."""
    key, session = gateway.paid(**more)
    payment = stripe.payments[session["payment_intent"]]
    payment["created"] = at
    return key, payment


def test_a_charge_as_stripe_has_it(gateway, stripe, day):
    key, payment = captured(gateway, stripe, day[0], cents=500, currency="ISK")
    gateway.refund(key, 200).ok()
    assert page(gateway, day).ok() == {"charges": [{
        "key": key, "status": "APPROVED", "transactionId": payment["id"], "orderId": f"gateway-test-{key[:8]}", "amountCents": 500,
        "refundedCents": 200, "currency": "ISK", "capturedAt": moment(day[0])}], "nextCursor": None}
    assert [call[2]["limit"] for call in stripe.calls if call[1] == "/v1/charges"][-1] == "50"


def test_a_difference_is_not_hidden_by_the_programs_own_books(gateway, stripe, day):
    """Less was captured, some was given back in the dashboard, all of one is gone: the list says so."""
    (less, first), (back, second), (_, third) = (captured(gateway, stripe, day[0] + at) for at in range(3))
    first["amount"], second["amount_refunded"] = 12800, 77
    del stripe.payments[third["id"]]
    assert [(each["key"], each["amountCents"], each["refundedCents"]) for each in page(gateway, day).ok()["charges"]] == [
        (back, 12900, 77), (less, 12800, 0)]


def test_what_only_stripe_knows(gateway, stripe, day):
    """Of another shop, of a bank that decides, of one that refused; and a second payment under a key of ours."""
    key, payment = captured(gateway, stripe, day[0])
    others = [stripe.take_money(1000), stripe.take_money(1001, "eur", charge="not a key", order="nor an order"),
              stripe.take_money(12900, charge=key, order="an-order"), stripe.take_money(1003, charge="lost-from-the-books", order="an-order"),
              stripe.take_money(1004, status="processing"), stripe.take_money(1005, status="requires_payment_method")]
    for other in others:
        other["created"] = day[0]
    assert [(each["key"], each["orderId"], each["amountCents"], each["currency"]) for each in page(gateway, day).ok()["charges"]] == [
        ("lost-from-the-books", "an-order", 1003, "USD"), (others[2]["id"], "an-order", 12900, "USD"), (others[1]["id"], None, 1001, "EUR"),
        (others[0]["id"], None, 1000, "USD"), (key, f"gateway-test-{key[:8]}", 12900, "USD")]


def test_voided_is_what_was_voided_and_given_back(gateway, stripe, day):
    (voided, _), (kept, payment), (returned, _) = (captured(gateway, stripe, day[0] + at) for at in range(3))
    gateway.refund(returned, 12900).ok()
    for key in (voided, kept):
        gateway.void(key).ok()
    payment["amount_refunded"] = 12899
    assert {each["key"]: (each["status"], each["refundedCents"]) for each in page(gateway, day).ok()["charges"]} == {
        voided: ("VOIDED", 12900), kept: ("APPROVED", 12899), returned: ("APPROVED", 12900)}


def test_page_by_page(gateway, stripe, day):
    """Fifty at once; a page on which a bank refused everything is empty, and not the last."""
    made = [stripe.take_money(100 + number, status="requires_payment_method" if 20 <= number < 70 else "succeeded") for number in range(120)]
    for number, payment in enumerate(made):
        payment["created"] = day[0] + number
    pages, cursor = [], None
    while not pages or cursor:
        answer = page(gateway, day, cursor)
        assert len(answer.body) < 64 * 1024
        pages.append(answer.ok()["charges"])
        cursor = answer.json["nextCursor"]
    assert [len(each) for each in pages] == [50, 0, 20]
    assert [each["key"] for each in pages[0] + pages[2]] == [each["id"] for each in reversed(made[:20] + made[70:])]
    assert page(gateway, day, "ch_that_never_was").status == 422, "it can never be read, so the sweeper need not ask again"


def test_an_exact_end_of_a_page_is_the_last(gateway, stripe, day):
    for number in range(50):
        stripe.take_money(100)["created"] = day[0] + number
    answer = page(gateway, day).ok()
    assert len(answer["charges"]) == 50 and answer["nextCursor"] is None


@pytest.mark.parametrize("trouble, status", [("429", 429), ("409", 409), ("500", 503), ("garbage", 503), ("lost", 503), ("slow 3", 503)])
def test_not_now(gateway, stripe, day, trouble, status):
    key, _ = captured(gateway, stripe, day[0])
    stripe.trouble("GET /v1/charges", trouble)
    answer = page(gateway, day)
    assert answer.status == status and answer.json["status"] == "ERROR"
    assert trouble != "429" or int(answer.headers["Retry-After"]) == 2
    assert [each["key"] for each in page(gateway, day).ok()["charges"]] == [key]


@pytest.mark.parametrize("what", [{"currency": "dollars"}, {"created": "soon"}, {"amount_refunded": -1}, {"latest_charge": None},
                                  {"amount": 10**13}], ids=str)
def test_a_list_is_read_whole_or_not_at_all(gateway, stripe, day, what):
    """A charge that was left out would look like one that Stripe does not know."""
    captured(gateway, stripe, day[0])
    wrong = stripe.take_money(100)
    wrong["created"] = day[0]
    charge_of = stripe.charge_of
    stripe.charge_of = lambda payment: {**charge_of(payment), **({} if payment is not wrong else {
        {"latest_charge": "id", "amount": "amount_captured"}.get(name, name): value for name, value in what.items()})}
    try:
        assert page(gateway, day).status == 503
    finally:
        del stripe.charge_of
    assert len(page(gateway, day).ok()["charges"]) == 2


def test_long_words_at_stripe(gateway, stripe, day):
    """What an account keeps with a charge is its own affair: 50 of the longest still fit into the sweeper's page."""
    for _ in range(50):
        stripe.take_money(999999999999, charge="k" * 100, order="o" * 50, **{f"{n:040}": uuid.uuid4().hex * 15 for n in range(10)})["created"] = day[0]
    answer = page(gateway, day)
    assert len(answer.ok()["charges"]) == 50 and len(answer.body) < 64 * 1024, json.dumps(answer.json)[:300]
