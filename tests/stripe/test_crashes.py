# SPDX-License-Identifier: MIT
"""The gateway program is killed between one instruction and the next: nothing is charged twice, and nothing forgotten."""

import http.client
import uuid

import pytest

from gateway_client import settings
from stack import CRASH_BUILD, wait_for

pytestmark = pytest.mark.skipif(not (CRASH_BUILD / "stripe-gateway").exists(), reason="make fault-programs builds them")


@pytest.fixture(scope="module")
def stack(stripe, tmp_path_factory, own_stack):
    points = tmp_path_factory.mktemp("points")
    (points / "passed").mkdir()
    stack = own_stack(**settings(stripe), GATEWAY_WORKERS=4, PAYMENT_TIMEOUT="2s", SWEEPERS=0, BUILD_DIR=CRASH_BUILD, CRASH_POINTS=points)
    stack.points = points
    return stack


def insist(call, *wanted):
    """Repeats a call until it is answered, as the sweeper does. A killed process costs its answer only."""
    def answered():
        try:
            answer = call()
        except (OSError, http.client.HTTPException):
            return None
        return answer if answer.status in wanted else None
    return wait_for(answered, 15, interval=0.1)


def given_back(stripe, session):
    return sum(r["amount"] for r in stripe.refunds.values() if r["payment_intent"] == session["payment_intent"])


def page_of(gateway, key):
    answer = insist(lambda: gateway.charge(key)[1], 202)
    (session,) = [s for s in gateway.stripe.sessions.values() if s["url"] == answer.json["redirectUrl"]]
    return session


def is_paid(gateway, key):
    session = page_of(gateway, key)
    assert page_of(gateway, key) is session
    gateway.stripe.pay(session)
    assert insist(lambda: gateway.charge(key)[1], 200).json["transactionId"] == session["payment_intent"]
    assert len([s for s in gateway.stripe.sessions.values() if s["metadata"]["charge"] == key]) == 1
    return session


def is_told(gateway, key):
    session = page_of(gateway, key)
    gateway.stripe.pay(session)
    event = gateway.stripe.event("checkout.session.completed", session)
    insist(lambda: gateway.hear(event), 200)
    assert gateway.row(key)["status"] == "APPROVED"


def is_refunded(gateway, key):
    session = is_paid(gateway, key)
    refund = str(uuid.uuid4())
    insist(lambda: gateway.refund(key, 900, refund), 200)
    insist(lambda: gateway.refund(key, 900, refund), 200)
    assert given_back(gateway.stripe, session) == 900


def is_voided_open(gateway, key):
    session = page_of(gateway, key)
    insist(lambda: gateway.void(key), 200)
    assert session["status"] == "expired" and gateway.row(key)["closed_at"]


def is_voided_paid(gateway, key):
    session = page_of(gateway, key)
    gateway.stripe.pay(session)
    insist(lambda: gateway.void(key), 200)
    insist(lambda: gateway.void(key), 200)
    assert given_back(gateway.stripe, session) == 12900 and gateway.stripe.money()[session["payment_intent"]] == 0
    assert insist(lambda: gateway.charge(key)[1], 410)


def is_voided_unheard(gateway, key):
    """The answer with the page is lost with the process, and the sweeper gives up: no page is left to pay on."""
    try:
        gateway.charge(key)
    except (OSError, http.client.HTTPException):
        pass
    insist(lambda: gateway.void(key), 200)
    assert insist(lambda: gateway.charge(key)[1], 410)
    known = gateway.row(key)["session_id"]
    assert not known or gateway.stripe.sessions[known]["status"] == "expired"


POINTS = [
    (is_paid, "stripe-page.asking", "stripe-page.made", "stripe-page.opened", "stripe-outcome.written"),
    (is_told, "stripe-outcome.written"),
    (is_refunded, "stripe-refund.commit", "stripe-refund.committed", "stripe-refund.asking", "stripe-refund.made", "stripe-refund.settled"),
    (is_voided_open, "stripe-void.commit", "stripe-void.committed", "stripe-void.ended", "stripe-void.closing"),
    (is_voided_paid, "stripe-void.ended", "stripe-refund.commit", "stripe-refund.committed", "stripe-refund.asking", "stripe-refund.made",
     "stripe-refund.settled", "stripe-void.closing"),
    (is_voided_unheard, "stripe-page.made", "stripe-page.opened"),
]


@pytest.mark.parametrize("flow, point", [pytest.param(flow, point, id=f"{flow.__name__}-{point}") for flow, *points in POINTS for point in points])
def test_a_kill_at_this_point_does_no_harm(gateway, stack, flow, point):
    armed = stack.points / point
    armed.touch()
    try:
        flow(gateway, str(uuid.uuid4()))
        assert not armed.exists(), "no process reached this point"
    finally:
        armed.unlink(missing_ok=True)


def test_no_point_of_the_program_is_left_out(stack):
    passed = {path.name for path in (stack.points / "passed").iterdir() if path.name.startswith("stripe-")}
    answers = {name for name in passed if name.endswith(".answer")}
    assert passed - answers == {point for _, *points in POINTS for point in points}
