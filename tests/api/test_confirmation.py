# SPDX-License-Identifier: MIT
"""SEND_CONFIRMATION: the confirmed order is sent to CONFIRMATION_URL, repeatedly if need be."""

import pytest

from outside import Outside
from stack import wait_for


@pytest.fixture(scope="module")
def mail():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(mail, own_stack):
    return own_stack(CONFIRMATION_URL=f"{mail.url}/confirmed", PAYMENT_TIMEOUT="1s")


def confirmed(stack, api, flight, seat):
    order = api.hold(flight, seat)
    api.pay(order, "99999").ok()
    return stack.wait_status(order, "CONFIRMED")


def attempts(api, order):
    return [event for event in api.events(order) if event["type"] == "CONFIRMATION_ATTEMPT"]


def test_the_confirmed_order_is_sent(stack, api, flight, mail):
    order = confirmed(stack, api, flight, "A1")
    wait_for(lambda: not stack.has_job(order, "SEND_CONFIRMATION"), 5)
    (call,) = mail.about(order)
    assert call["path"] == "/confirmed" and call["headers"]["Content-Type"].startswith("application/json")
    sent = call["json"]
    assert (sent["status"], sent["seats"], sent["totalPriceCents"]) == ("CONFIRMED", ["A1"], order["totalPriceCents"])
    assert "paymentCode" not in sent
    assert [event["outcome"] for event in attempts(api, order)] == ["SENT"]


def test_a_refused_confirmation_is_tried_again_and_the_order_stays_confirmed(stack, api, flight, mail):
    mail.answer = lambda path, body: (503, b"")
    try:
        order = confirmed(stack, api, flight, "A2")
        wait_for(lambda: len(attempts(api, order)) >= 2, 20, "a second attempt")
        assert {event["outcome"] for event in attempts(api, order)} == {"ERROR"}
    finally:
        mail.answer = lambda path, body: (200, b"")
    (job,) = stack.everything(order)["jobs"]
    # Makes the job due at once instead of after the next wait. The sweeper may be running it right now.
    wait_for(lambda: not stack.has_job(order, "SEND_CONFIRMATION") or
             api.post(f"/api/admin/jobs/{job['job_id']}/retry").status == 200, 5)
    wait_for(lambda: not stack.has_job(order, "SEND_CONFIRMATION"), 20)
    assert attempts(api, order)[-1]["outcome"] == "SENT"
    assert api.order(order)["status"] == "CONFIRMED"
