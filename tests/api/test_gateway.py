# SPDX-License-Identifier: MIT
"""The payment gateway simulator's own contract (spec, section 3), tested without the booking system."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from audit import WITHOUT_ORDER
from stack import wait_for


@pytest.fixture
def gateway(stack):
    return stack.gateway()


@pytest.fixture
def key():
    return str(uuid.uuid4())


def charge(gateway, key, code="99999", order=None, amount=12900, timeout=20, **headers):
    body = {"orderId": order or WITHOUT_ORDER + key[:8], "paymentCode": code, "amountCents": amount, "currency": "USD"}
    return gateway.post("/charges", body, headers={"Idempotency-Key": key, **headers}, timeout=timeout)


def void(gateway, key):
    return gateway.post(f"/charges/{key}/void", {})


def stored(stack, key):
    return stack.gateway_query("SELECT * FROM charges WHERE idempotency_key = %s", key)


def test_approval(stack, gateway, key):
    answer = charge(gateway, key).ok()
    assert answer["status"] == "APPROVED" and answer["transactionId"]
    (row,) = stored(stack, key)
    assert (row["status"], row["amount_cents"], row["currency"]) == ("APPROVED", 12900, "USD")
    assert row["transaction_id"] == answer["transactionId"] and row["captured_at"]


def test_an_ordinary_code_is_approved_when_nothing_fails_at_random(gateway, key):
    assert charge(gateway, key, "12345").ok()["status"] == "APPROVED"


def test_decline(stack, gateway, key):
    answer = charge(gateway, key, "00000").ok(402)
    assert answer["status"] == "DECLINED" and "insufficient funds" in answer["reason"].lower()
    (row,) = stored(stack, key)
    assert (row["status"], row["captured_at"]) == ("DECLINED", None)


@pytest.mark.parametrize("code, status", [("99999", 200), ("00000", 402)])
def test_a_repeated_key_gets_the_stored_answer(stack, gateway, key, code, status):
    first = charge(gateway, key, code)
    again = charge(gateway, key, code)
    assert (first.status, again.status) == (status, status) and first.json == again.json
    assert len(stored(stack, key)) == 1


def test_concurrent_calls_with_one_key_capture_once(stack, gateway, key):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: charge(gateway, key).ok(), range(8)))
    assert len({answer["transactionId"] for answer in answers}) == 1
    assert len(stored(stack, key)) == 1


def test_50300_fails_every_time_and_is_never_stored(stack, gateway, key):
    assert [charge(gateway, key, "50300").status for _ in range(4)] == [503] * 4
    assert stored(stack, key) == []


@pytest.mark.parametrize("code, answers", [("50301", [503, 200, 200]), ("50302", [503, 503, 200, 200])])
def test_fails_once_or_twice_then_approves(gateway, key, code, answers):
    assert [charge(gateway, key, code).status for _ in answers] == answers


def silent(gateway, key, code):
    """Charges with a code that is never answered. Returns True if there was no answer within half a second."""
    try:
        charge(gateway, key, code, timeout=0.5)
        return False
    except TimeoutError:
        return True


def test_50400_never_answers_and_captures_nothing(stack, gateway, key):
    assert silent(gateway, key, "50400")
    assert not [row for row in stored(stack, key) if row["captured_at"]]


def test_50401_captures_silently_then_approves(stack, gateway, key):
    assert silent(gateway, key, "50401")
    (row,) = wait_for(lambda: stored(stack, key), 3)
    assert row["status"] == "APPROVED" and row["captured_at"]
    assert charge(gateway, key, "50401").ok()["transactionId"] == row["transaction_id"]


def test_50402_captures_once_and_never_answers(stack, gateway, key):
    assert silent(gateway, key, "50402")
    first = wait_for(lambda: stored(stack, key), 3)
    assert silent(gateway, key, "50402")
    assert stored(stack, key) == first and first[0]["captured_at"]
    assert void(gateway, key).status == 200
    assert stored(stack, key)[0]["status"] == "VOIDED"


def test_void_of_a_charge(stack, gateway, key):
    charge(gateway, key).ok()
    assert [void(gateway, key).status for _ in range(2)] == [200, 200], "idempotent"
    (row,) = stored(stack, key)
    assert row["status"] == "VOIDED" and row["voided_at"] and row["captured_at"]


@pytest.mark.parametrize("code", ["99999", "12345", "50301", "50401", "50402"])
def test_nothing_is_captured_after_a_void(stack, gateway, key, code):
    """A slow charge cannot overtake a void."""
    assert void(gateway, key).status == 200
    try:
        answer = charge(gateway, key, code, timeout=0.5)
        assert answer.status >= 400
    except TimeoutError:
        pass
    (row,) = stored(stack, key)
    assert (row["status"], row["captured_at"]) == ("VOIDED", None)


def test_a_voided_charge_is_not_approved_again(stack, gateway, key):
    charge(gateway, key).ok()
    void(gateway, key)
    assert charge(gateway, key).status >= 400
    assert stored(stack, key)[0]["status"] == "VOIDED"


def test_void_of_a_decline(stack, gateway, key):
    charge(gateway, key, "00000")
    assert void(gateway, key).status == 200
    assert not stored(stack, key)[0]["captured_at"]


def test_get(gateway, key):
    assert gateway.get(f"/charges/{key}").status == 404
    approved = charge(gateway, key).ok()
    shown = gateway.get(f"/charges/{key}").ok()
    assert (shown["status"], shown["transactionId"]) == ("APPROVED", approved["transactionId"])
    void(gateway, key)
    assert gateway.get(f"/charges/{key}").ok()["status"] == "VOIDED"


@pytest.mark.parametrize("change", [
    {"paymentCode": "1234"}, {"paymentCode": 12345}, {"amountCents": -1}, {"amountCents": "10"}, {"orderId": None},
    {"currency": "dollars"},
])
def test_a_bad_charge_is_refused_for_good(stack, gateway, key, change):
    body = {"orderId": WITHOUT_ORDER + "bad", "paymentCode": "99999", "amountCents": 100, "currency": "USD", **change}
    assert 400 <= gateway.post("/charges", body, headers={"Idempotency-Key": key}).status < 500
    assert stored(stack, key) == []


def test_a_charge_without_a_key_is_refused(gateway):
    body = {"orderId": WITHOUT_ORDER + "nokey", "paymentCode": "99999", "amountCents": 100, "currency": "USD"}
    assert gateway.post("/charges", body).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 10000])
def test_broken_json(gateway, key, body):
    answer = gateway.post("/charges", body=body, headers={"Content-Type": "application/json", "Idempotency-Key": key})
    assert answer.status == 400


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/charges", 400), ("DELETE", "/charges/x", 405), ("GET", "/", 404), ("POST", "/charges/x/y", 404)])
def test_other_paths_and_methods(gateway, method, path, status):
    assert gateway.request(method, path).status == status


def test_the_gateway_listens_on_loopback_only(stack):
    port = int(stack.settings["GATEWAY_PORT"])
    listening = [line.split()[1] for name in ("tcp", "tcp6") for line in open(f"/proc/net/{name}").readlines()[1:]
                 if line.split()[3] == "0A"]
    mine = [address for address in listening if int(address.split(":")[1], 16) == port]
    assert mine == [f"0100007F:{port:04X}"]


def test_random_failures_and_delays_as_configured(own_stack):
    """With a failure rate of 1 every ordinary code fails, but the fixed codes still do what they say."""
    failing = own_stack(PAYMENT_FAILURE_RATE="1", PAYMENT_MAX_DELAY="200ms")
    gateway = failing.gateway()
    assert {charge(gateway, str(uuid.uuid4()), "12345").status for _ in range(6)} == {503}
    assert {charge(gateway, str(uuid.uuid4()), "99999").status for _ in range(6)} == {200}
    api = failing.api()
    order = api.hold(failing.new_flight(), "A1")
    api.pay(order, "12345").ok()
    failed = failing.wait_status(order, "FAILED", deadline=12)
    assert failed["paymentAttempts"] == 3


def test_a_void_cannot_come_from_another_sites_page(stack, gateway, key):
    """A page can make a browser send a form, or nothing at all, but not JSON."""
    charge(gateway, key).ok()
    for sent in ({}, {"form": {"a": "b"}}, {"body": b"{}", "headers": {"Content-Type": "text/plain"}}):
        assert gateway.post(f"/charges/{key}/void", **sent).status == 415
    assert stored(stack, key)[0]["status"] == "APPROVED"
    assert void(gateway, key).status == 200


@pytest.mark.parametrize("code, first", [("40800", 408), ("40900", 409), ("42500", 425), ("42900", 429), ("50301", 503)])
def test_not_now_and_then_approved(stack, gateway, key, code, first):
    busy = charge(gateway, key, code)
    assert busy.status == first and not stored(stack, key), "nothing captured, and nothing decided"
    assert busy.headers["Retry-After"] == ("2" if code == "42900" else None)
    assert charge(gateway, key, code).ok()["status"] == "APPROVED"


@pytest.mark.parametrize("code, statuses", [("20200", [202, 202, 200]), ("20201", [202] * 4), ("20202", [202, 202, 402])])
def test_pending(gateway, key, code, statuses):
    answers = [charge(gateway, key, code) for _ in statuses]
    assert [answer.status for answer in answers] == statuses
    assert answers[0].json["status"] == "PENDING"


def test_what_was_voided_while_pending_is_never_approved(gateway, key):
    assert charge(gateway, key, "20200").status == 202
    assert void(gateway, key).status == 200
    assert [charge(gateway, key, "20200").status for _ in range(3)] == [410] * 3
