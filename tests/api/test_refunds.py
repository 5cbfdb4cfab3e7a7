# SPDX-License-Identifier: MIT
"""Refunds: asked for by staff, made by a sweeper at the gateway exactly once, and never more than was captured."""

import threading
import uuid

import pytest

from outside import Outside
from stack import wait_for

REASON = {"reason": "the customer was bumped"}


def staff(stack):
    """A member of staff, also on customers' paths, where ADMIN_TOKEN=none makes nobody one."""
    if not hasattr(stack, "member"):
        stack.member = stack.admin().post("/api/admin/staff", {"name": f"refunds {uuid.uuid4()}", "role": "operator"}).ok(201)
    return stack.api(Authorization=f"Bearer {stack.member['token']}")


def paid(stack, flight, *seats):
    api = stack.api()
    order = api.hold(flight, *seats)
    api.pay(order).ok()
    return stack.wait_status(order, "CONFIRMED")


def ask(stack, order, cents=None, **kw):
    body = {**REASON, **({} if cents is None else {"amountCents": cents})}
    return stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", body, **kw)


def refunds(stack, order):
    """As staff see them."""
    return staff(stack).get(f"/api/orders/{order['orderId']}/refunds").ok()["refunds"]


def made(stack, order):
    """What the gateway has given back for the order, by its own books."""
    return [row["amount_cents"] for row in stack.gateway_query(
        "SELECT r.amount_cents FROM charge_refunds r JOIN charges c ON c.idempotency_key = r.idempotency_key"
        " WHERE c.order_id = %s ORDER BY r.created_at, r.refund_key", order["orderId"])]


def wait_made(stack, order, count=1):
    return wait_for(lambda: [each for each in [refunds(stack, order)]
                             if sum(refund["status"] == "REFUNDED" for refund in each) == count], 10)[0]


def test_a_part_and_then_the_rest(stack, flight):
    order = paid(stack, flight, "A1", "A2")
    refund = ask(stack, order, 5000).ok(202)
    assert (refund["amountCents"], refund["currency"], refund["status"]) == (5000, order["currency"], "PENDING")
    assert refund["reason"] == REASON["reason"]
    wait_made(stack, order)
    rest = ask(stack, order).ok(202)
    assert rest["amountCents"] == order["totalPriceCents"] - 5000
    first, second = wait_made(stack, order, 2)
    assert [first["refundId"], second["refundId"]] == [refund["refundId"], rest["refundId"]]
    assert sorted(made(stack, order)) == sorted([5000, order["totalPriceCents"] - 5000])
    ask(stack, order).refused(409, "REFUND_TOO_LARGE")
    assert stack.api().order(order)["status"] == "CONFIRMED"
    assert not stack.has_job(order, "REFUND_CHARGE")


def test_customers_see_what_they_get_and_no_words_of_others(stack, flight):
    order = paid(stack, flight, "A1")
    ask(stack, order, 700).ok(202)
    (seen,) = stack.api().get(f"/api/orders/{order['orderId']}/refunds").ok()["refunds"]
    assert (seen["amountCents"], seen["reason"], seen["lastError"]) == (700, None, None)
    assert refunds(stack, order)[0]["reason"] == REASON["reason"]


def given_back(order):
    return [line["amountCents"] for line in order["priceLines"] if line["kind"] == "REFUND"]


def test_the_price_lines_say_what_was_given_back(stack, flight):
    order = paid(stack, flight, "A1")
    before = stack.api().order(order)
    assert given_back(before) == []
    ask(stack, order, 700).ok(202)
    after = stack.api().order(order)
    assert given_back(after) == [700] and after["version"] == before["version"] + 1, "a client would be told that nothing is new"
    assert after["totalPriceCents"] == before["totalPriceCents"] and after["status"] == "CONFIRMED"
    ask(stack, order, 300).ok(202)
    wait_made(stack, order, 2)
    assert given_back(stack.api().order(order)) == [1000]


def test_the_history_and_the_audit_say_who_and_how_much(stack, flight):
    order = paid(stack, flight, "A1")
    ask(stack, order, 100).ok(202)
    wait_made(stack, order)
    asked, attempt = [event for event in stack.admin().events(order) if "REFUND" in event["type"]]
    assert (asked["type"], asked["detail"], asked["by"]) == ("REFUND_REQUESTED", f"100 {order['currency']}", "staff")
    assert (attempt["type"], attempt["outcome"], attempt["by"]) == ("REFUND_ATTEMPT", "REFUNDED", "system")
    (row,) = stack.query("SELECT action, became, reason FROM audit_log WHERE object_id = %s", order["orderId"])
    assert row["action"] == "REFUND" and '"amountCents":100' in row["became"] and row["reason"] == REASON["reason"]


@pytest.mark.parametrize("cents", [0, -1, 1.5, "5", True, [], {}])
def test_an_amount_that_is_none(stack, flight, cents):
    order = paid(stack, flight, "A1")
    ask(stack, order, cents).refused(400, "INVALID_REQUEST")
    assert refunds(stack, order) == []


def test_too_much(stack, flight):
    order = paid(stack, flight, "A1")
    for cents in (order["totalPriceCents"] + 1, 2**50, 2**63 - 1):
        ask(stack, order, cents).refused(409, "REFUND_TOO_LARGE")
    assert refunds(stack, order) == [] and made(stack, order) == []


def test_nothing_was_paid(stack, flight):
    order = stack.api().hold(flight, "A1")
    ask(stack, order).refused(409, "NOT_PAID")
    stack.api().cancel(order).ok()
    ask(stack, order, 1).refused(409, "NOT_PAID")
    stack.admin().post(f"/api/admin/orders/{uuid.uuid4()}/refunds", REASON).refused(404, "ORDER_NOT_FOUND")


def test_a_reason_is_wanted(stack, flight):
    order = paid(stack, flight, "A1")
    for body in ({}, {"reason": ""}, {"reason": 5}, {"reason": "x" * 256}):
        stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", body).refused(400, "INVALID_REQUEST")


def test_a_key_asks_once(stack, flight):
    order, key = paid(stack, flight, "A1"), {"Idempotency-Key": uuid.uuid4().hex}
    first, again = ask(stack, order, 700, headers=key), ask(stack, order, 700, headers=key)
    assert again.headers["Idempotency-Replayed"] and again.json == first.ok(202)
    wait_made(stack, order)
    assert made(stack, order) == [700]


def test_many_at_once_never_give_back_more_than_was_captured(stack, flight):
    order = paid(stack, flight, "A1")
    part, answers = order["totalPriceCents"] // 4, []
    threads = [threading.Thread(target=lambda: answers.append(ask(stack, order, part).status)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [202] * 4 + [409] * 8
    wait_made(stack, order, 4)
    assert made(stack, order) == [part] * 4


# -- a gateway that does not do it at once ------------------------------------------------------

class Gateway(Outside):
    """A foreign gateway that approves each charge, and answers refunds as the test says."""

    def __init__(self):
        super().__init__()
        self.refund = lambda: (200, b'{"status":"REFUNDED"}')
        self.answer = lambda path, body: self.refund() if path.endswith("/refunds") else (
            200, b'{"status":"APPROVED","transactionId":"t-1"}')

    def refunds(self):
        return [call for call in list(self.calls) if call["path"].endswith("/refunds")]


@pytest.fixture(scope="module")
def gateway():
    service = Gateway()
    yield service
    service.close()


@pytest.fixture(scope="module")
def foreign(gateway, own_stack):
    return own_stack(PAYMENT_GATEWAY_URL=gateway.url, PAYMENT_TIMEOUT="1s")


@pytest.fixture
def asked(foreign, gateway):
    gateway.calls.clear()
    order = paid(foreign, foreign.new_flight(), "A1")
    yield lambda cents: (order, ask(foreign, order, cents).ok(202))
    gateway.refund = lambda: (200, b'{"status":"REFUNDED"}')


def again(stack, order):
    (job,) = stack.query("SELECT job_id FROM workflow_jobs WHERE order_id = %s AND kind = 'REFUND_CHARGE'", order["orderId"])
    return stack.admin().post(f"/api/admin/jobs/{job['job_id']}/retry")


@pytest.mark.parametrize("answer", [
    (503, b""), (500, b""), (409, b""), (425, b""), (200, b""), (200, b"{}"), (200, b'{"status":"APPROVED"}'), (200, b"<p>ok"), None,
    (200, b'{"status":"REFUNDED","status":"REFUSED"}')], ids=str)
def test_no_answer_is_asked_for_again_under_the_same_key(foreign, gateway, asked, answer):
    gateway.refund = lambda: answer
    order, refund = asked(300)
    wait_for(lambda: gateway.refunds(), 10)
    wait_for(lambda: [event for event in foreign.admin().events(order) if event["type"] == "REFUND_ATTEMPT"], 10)
    assert refunds(foreign, order)[0]["status"] == "PENDING"
    gateway.refund = lambda: (200, b'{"status":"REFUNDED"}')
    wait_for(lambda: again(foreign, order).status == 200, 10)
    wait_made(foreign, order)
    calls = gateway.refunds()
    assert {call["headers"]["Idempotency-Key"] for call in calls} == {refund["refundId"]} and len(calls) >= 2
    assert {call["json"]["amountCents"] for call in calls} == {300}


@pytest.mark.parametrize("answer, words", [
    ((422, b'{"status":"REFUSED","reason":"the card is gone"}'), "Refund refused: the card is gone"),
    ((404, b""), "The payment gateway answered 404"), ((400, b"<p>"), "The payment gateway answered 400")], ids=str)
def test_a_refusal_is_final_and_an_operator_sees_it(foreign, gateway, asked, answer, words):
    gateway.refund = lambda: answer
    order, refund = asked(300)
    wait_for(lambda: refunds(foreign, order)[0]["status"] == "FAILED", 10)
    assert refunds(foreign, order)[0]["lastError"] == words
    jobs = foreign.admin().get("/api/admin/jobs?status=FAILED&kind=REFUND_CHARGE").ok()["jobs"]
    assert [job["lastError"] for job in jobs if job["orderId"] == order["orderId"]] == [words]
    # What failed may be asked for again: by the same job, or anew.
    gateway.refund = lambda: (200, b'{"status":"REFUNDED"}')
    again(foreign, order).ok()
    assert wait_made(foreign, order)[0]["refundId"] == refund["refundId"]


def test_a_failed_one_that_is_too_much_by_now_stays_failed(foreign, gateway, asked):
    gateway.refund = lambda: (422, b"{}")
    order, _ = asked(None)
    wait_for(lambda: refunds(foreign, order)[0]["status"] == "FAILED", 10)
    gateway.refund = lambda: (200, b'{"status":"REFUNDED"}')
    ask(foreign, order, 1).ok(202)
    wait_made(foreign, order)
    calls = len(gateway.refunds())
    again(foreign, order)
    wait_for(lambda: foreign.query("SELECT 1 FROM workflow_jobs WHERE order_id = %s AND failures > 0", order["orderId"]), 10)
    assert len(gateway.refunds()) == calls
    assert sorted(refund["status"] for refund in refunds(foreign, order)) == ["FAILED", "REFUNDED"]


# -- the simulator ------------------------------------------------------------------------------

def charge(stack, cents=1000):
    key = f"gateway-test-{uuid.uuid4().hex}"
    stack.gateway().post("/charges", {"orderId": key[:50], "paymentCode": "99999", "amountCents": cents, "currency": "USD"},
                         headers={"Idempotency-Key": key}).ok()
    return key


def give_back(stack, key, cents, refund_key=None):
    return stack.gateway().post(f"/charges/{key}/refunds", {"amountCents": cents},
                                headers={"Idempotency-Key": refund_key or uuid.uuid4().hex})


def test_the_simulator_gives_back_what_it_has_and_no_more(stack):
    key, refund_key = charge(stack), uuid.uuid4().hex
    assert give_back(stack, key, 600, refund_key).ok()["status"] == "REFUNDED"
    assert give_back(stack, key, 600, refund_key).ok()["status"] == "REFUNDED"
    assert give_back(stack, key, 500, refund_key).status == 422
    assert give_back(stack, key, 401).status == 422
    assert give_back(stack, key, 2**62).status == 422
    assert give_back(stack, key, 400).ok()["amountCents"] == 400
    assert give_back(stack, key, 1).status == 422
    # What was given back in part cannot be voided any more.
    assert stack.gateway().post(f"/charges/{key}/void", {}).status == 409
    assert give_back(stack, uuid.uuid4().hex, 1).status == 404
    for cents in (0, -5, "x"):
        assert give_back(stack, key, cents).status == 400


def test_the_simulator_gives_back_nothing_of_a_void(stack):
    key = charge(stack)
    stack.gateway().post(f"/charges/{key}/void", {}).ok()
    assert give_back(stack, key, 1).status == 422
