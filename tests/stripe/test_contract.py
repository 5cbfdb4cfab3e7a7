# SPDX-License-Identifier: MIT
"""What docs/api.md asks of any gateway program, tried with each of ours: the simulator, and the one for Stripe.

A program of another provider joins by a class like the two below: a stack, and how a customer decides on its page.
"""

import datetime
import threading
import urllib.parse
import uuid

import pytest

from audit import WITHOUT_ORDER
from client import Api
from gateway_client import settings
from stack import wait_for

TOKEN = "a-token-for-the-gateway"


class Simulator:
    settings = {"PAYMENT_GATEWAY": "simulator"}
    code = "20203"

    def decide(self, url, approves):
        parts = urllib.parse.urlsplit(url)
        assert Api(parts.hostname, parts.port, plain=True).post(parts.path, form={"decision": "approve" if approves else "decline"}).status == 200


class ByStripe:
    code = ""

    def __init__(self, stripe):
        self.stripe, self.settings = stripe, settings(stripe)

    def decide(self, url, approves):
        (session,) = [each for each in self.stripe.sessions.values() if each["id"] in url]
        if approves:
            assert self.stripe.pay(session)
        else:
            self.stripe.end(session)


@pytest.fixture(scope="module", params=["simulator", "stripe"])
def program(request, stripe, own_stack):
    program = Simulator() if request.param == "simulator" else ByStripe(stripe)
    program.stack = own_stack(**program.settings, PAYMENT_GATEWAY_TOKEN=TOKEN, GATEWAY_WORKERS=8, SWEEPERS=0)
    program.api = Api("127.0.0.1", int(program.stack.settings["GATEWAY_PORT"]), {"Authorization": f"Bearer {TOKEN}"}, plain=True)
    return program


@pytest.fixture
def key():
    return str(uuid.uuid4())


def charge(program, key, cents=12900, **headers):
    body = {"orderId": WITHOUT_ORDER + key[:8], "paymentCode": program.code, "amountCents": cents, "currency": "USD",
            "returnUrl": "https://air.example/?order=1", "unknown": "is ignored"}
    return program.api.post("/charges", body, headers={"Idempotency-Key": key, **headers})


def void(program, key):
    return program.api.post(f"/charges/{key}/void", {})


def refund(program, key, cents, refund_key=None):
    return program.api.post(f"/charges/{key}/refunds", {"amountCents": cents}, headers={"Idempotency-Key": refund_key or str(uuid.uuid4())})


def decided(program, key, approves=True):
    program.decide(charge(program, key).ok(202)["redirectUrl"], approves)
    return charge(program, key)


def test_pending_until_the_customer_decides(program, key):
    first, again = charge(program, key).ok(202), charge(program, key).ok(202)
    assert first == again and first["status"] == "PENDING" and first["redirectUrl"].isascii() and len(first["redirectUrl"]) <= 2000
    assert charge(program, key).ok(202) == first


@pytest.mark.parametrize("approves", [True, False])
def test_a_decision_stands(program, key, approves):
    answers = [decided(program, key, approves), *(charge(program, key) for _ in range(3))]
    assert len({(answer.status, answer.body) for answer in answers}) == 1
    said = answers[0].ok(200 if approves else 402)
    assert said["status"] == ("APPROVED" if approves else "DECLINED") and said["transactionId" if approves else "reason"]


def test_many_questions_at_once_have_one_answer(program, key):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(charge(program, key))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answer.status in (202, 409, 503) for answer in answers), answers
    url = wait_for(lambda: charge(program, key).json.get("redirectUrl"), 5)
    assert {answer.json["redirectUrl"] for answer in answers if answer.status == 202} <= {url}


def test_a_charge_is_shown(program, key):
    assert program.api.get(f"/charges/{key}").status == 404
    transaction = decided(program, key).ok()["transactionId"]
    shown = program.api.get(f"/charges/{key}").ok()
    assert {name: shown[name] for name in ("key", "status", "transactionId", "orderId", "amountCents", "currency", "voidedAt")} == {
        "key": key, "status": "APPROVED", "transactionId": transaction, "orderId": WITHOUT_ORDER + key[:8], "amountCents": 12900,
        "currency": "USD", "voidedAt": None}


def listed(program, from_=None, to=None):
    """{key: what the list says of it}, all pages of it."""
    now, hour = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(hours=1)
    span = f"from={from_ or moment(now - hour)}&to={to or moment(now + hour)}"
    found, cursor = {}, ""
    while cursor is not None:
        page = program.api.get(f"/charges?{span}&cursor={urllib.parse.quote(cursor)}").ok()
        assert len(page["charges"]) <= 500
        found.update({each["key"]: each for each in page["charges"]})
        cursor = page["nextCursor"]
    return found


def moment(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def test_a_list_of_what_was_captured(program):
    """Approved, given back in part and whole, voided; neither what is pending or declined, nor a void of nothing."""
    part, whole, voided, declined, pending, nothing = (str(uuid.uuid4()) for _ in range(6))
    for key in (part, whole, voided):
        decided(program, key)
    decided(program, declined, False)
    charge(program, pending).ok(202)
    refund(program, part, 4000).ok()
    refund(program, whole, 12900).ok()
    for key in (voided, nothing):
        void(program, key).ok()
    found = listed(program)
    assert not {declined, pending, nothing} & found.keys()
    assert {name: found[part][name] for name in ("key", "orderId", "status", "amountCents", "refundedCents", "currency")} == {
        "key": part, "orderId": WITHOUT_ORDER + part[:8], "status": "APPROVED", "amountCents": 12900, "refundedCents": 4000, "currency": "USD"}
    assert (found[whole]["status"], found[whole]["refundedCents"]) == ("APPROVED", 12900)
    assert (found[voided]["status"], found[voided]["amountCents"]) == ("VOIDED", 12900)


def test_a_list_from_a_moment_on_and_before_another(program, key):
    decided(program, key).ok()
    at = datetime.datetime.fromisoformat(listed(program)[key]["capturedAt"].replace("Z", "+00:00"))
    assert abs((at - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 60
    after = moment(at + datetime.timedelta(milliseconds=1))
    assert key in listed(program, from_=moment(at), to=after)
    assert key not in listed(program, from_=after) and key not in listed(program, to=moment(at))


def test_a_list_is_asked_for_rightly(program):
    for query in ("", "?from=2026-01-01", "?from=2026-01-01&to=soon", "?from=2026-01-01&to=2026-01-02&cursor=%2F%20"):
        assert program.api.get(f"/charges{query}").status == 400, query
    assert program.api.get("/charges?from=2026-01-01&to=2026-01-02").ok() == {"charges": [], "nextCursor": None}
    assert program.api.get("/charges?from=2026-01-01&to=2026-01-02", headers={"Authorization": "Bearer another-token-than-ours"}).status == 401
    assert program.api.delete("/charges").status == 405


@pytest.mark.parametrize("before", ["nothing", "pending", "approved", "declined"])
def test_a_void_is_the_end(program, key, before):
    if before in ("approved", "declined"):
        decided(program, key, before == "approved")
    if before == "pending":
        url = charge(program, key).ok(202)["redirectUrl"]
    for _ in range(3):
        assert void(program, key).ok()["status"] == "VOIDED"
    if before == "pending":
        try:
            program.decide(url, True)
        except AssertionError:
            pass        # the page is over
    answer = charge(program, key)
    assert 400 <= answer.status < 500 and answer.status not in (402, 408, 409, 425, 429) and answer.json["status"] == "VOIDED"
    assert program.api.get(f"/charges/{key}").ok()["status"] == "VOIDED"


def test_refunds_are_made_once_and_never_exceed_the_charge(program, key):
    decided(program, key)
    first = str(uuid.uuid4())
    for _ in range(3):
        assert refund(program, key, 4000, first).ok()["status"] == "REFUNDED"
    assert 400 <= refund(program, key, 8901).status < 500
    assert refund(program, key, 8900).ok()["status"] == "REFUNDED"
    assert 400 <= refund(program, key, 1).status < 500
    assert void(program, key).status == 409, "it was approved and given back"
    assert charge(program, key).ok()["status"] == "APPROVED"


def test_nothing_to_give_back(program, key):
    assert refund(program, key, 100).status == 404
    charge(program, key).ok(202)
    assert 400 <= refund(program, key, 100).status < 500
    void(program, key).ok()
    assert 400 <= refund(program, key, 100).status < 500


def test_what_is_wrong_is_refused(program, key):
    assert program.api.post("/charges", {"orderId": "x"}, headers={"Idempotency-Key": key}).status == 400
    assert program.api.post("/charges", {}).status == 400
    assert charge(program, "no/key").status == 400 and program.api.get(f"/charges/{key}/nothing").status == 404
    assert program.api.get("/charges/a b".replace(" ", "%20")).status == 404 and program.api.delete(f"/charges/{key}").status == 405
    assert charge(program, key, **{"Authorization": "Bearer another-token-than-ours"}).status == 401
    assert program.api.post(f"/charges/{key}/void", form={}).status == 415, "another site's page can send forms"
    assert program.api.get(f"/charges/{key}").status == 404, "nothing came of it"
