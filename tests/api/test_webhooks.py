# SPDX-License-Identifier: MIT
"""What happens to orders is told to WEBHOOK_URL: signed, at least once, and in order for an order."""

import base64
import contextlib
import hashlib
import hmac
import os
import signal
import threading
import time

import pytest

from outside import Outside
from stack import wait_for

SECRET, BEFORE = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(), "an-older-secret-of-some-length"


@pytest.fixture(scope="module")
def receiver():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(receiver, own_stack):
    return own_stack(WEBHOOK_URL=f"{receiver.url}/hook", WEBHOOK_SECRET=SECRET, WEBHOOK_SECRET_BEFORE=BEFORE, PAYMENT_TIMEOUT="1s")


@pytest.fixture(autouse=True)
def willing(receiver):
    receiver.answer = lambda path, body: (200, b"")


def told(receiver, order):
    """The messages about an order, in the order in which they came."""
    return [call for call in list(receiver.calls) if (call["json"] or {}).get("data", {}).get("orderId") == order["orderId"]]


def types(receiver, order):
    return [call["json"]["type"] for call in told(receiver, order)]


def wait_told(receiver, order, *expected):
    wait_for(lambda: types(receiver, order)[-1:] == list(expected[-1:]), 10, f"{expected}")
    assert types(receiver, order) == list(expected)


def done(stack, order):
    wait_for(lambda: not stack.has_job(order, "SEND_MESSAGE"), 10)
    return [row["status"] for row in stack.query("SELECT status FROM messages WHERE order_id = %s ORDER BY message_id", order["orderId"])]


def paid(stack, flight, seat="A1", code="99999", status="CONFIRMED"):
    order = stack.api().hold(flight, seat)
    stack.api().pay(order, code).ok()
    return stack.wait_status(order, status)


def test_each_thing_that_happens_is_told_once(stack, api, flight, receiver):
    confirmed, failed = paid(stack, flight, "A1"), paid(stack, flight, "A2", "00000", "FAILED")
    cancelled, expired = api.hold(flight, "B1"), api.hold(flight, "B2")
    api.cancel(cancelled).ok()
    stack.lapse(expired)
    stack.fire_timer(expired)
    for order, what in ((confirmed, "confirmed"), (failed, "failed"), (cancelled, "cancelled"), (expired, "expired")):
        wait_told(receiver, order, f"order.{what}")
        assert done(stack, order) == ["SENT"]
    stack.admin().post(f"/api/admin/orders/{confirmed['orderId']}/refunds", {"amountCents": 5, "reason": "late"}).ok(202)
    wait_told(receiver, confirmed, "order.confirmed", "order.refunded")


def test_the_message_is_the_order_as_it_was(stack, flight, receiver):
    order = paid(stack, flight)
    wait_told(receiver, order, "order.confirmed")
    (message,) = told(receiver, order)
    data = message["json"]["data"]
    assert (data["status"], data["seats"], data["locator"]) == ("CONFIRMED", ["A1"], order["locator"])
    assert data["version"] == stack.row(order)["version"] and "paymentCode" not in str(message)


def test_it_is_signed_with_both_secrets(stack, flight, receiver):
    order = paid(stack, flight)
    wait_told(receiver, order, "order.confirmed")
    headers = {name.lower(): value for name, value in told(receiver, order)[0]["headers"].items()}
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 30
    assert headers["webhook-id"].startswith("msg_")
    body = stack.query("SELECT body FROM messages WHERE order_id = %s", order["orderId"])[0]["body"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    expected = [f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"
                for key in (b"0123456789abcdef0123456789abcdef", BEFORE.encode())]
    assert headers["webhook-signature"].split(" ") == expected


def hurry(stack, order):
    return stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'SEND_MESSAGE'"
                       " AND status = 'PENDING'", order["orderId"])


@pytest.mark.parametrize("answer", [(500, b""), (404, b""), (302, b""), None], ids=str)
def test_a_later_message_waits_for_an_earlier_one(stack, flight, receiver, answer):
    receiver.answer = lambda path, body: answer
    order = paid(stack, flight)
    wait_for(lambda: told(receiver, order), 10)
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 5, "reason": "late"}).ok(202)
    wait_for(lambda: len(stack.query("SELECT 1 FROM messages WHERE order_id = %s", order["orderId"])) == 2, 10)
    tries = len(told(receiver, order))
    wait_for(lambda: hurry(stack, order) and len(told(receiver, order)) > tries, 10)
    assert set(types(receiver, order)) == {"order.confirmed"}
    receiver.answer = lambda path, body: (204, b"")
    wait_for(lambda: hurry(stack, order) is not None and types(receiver, order)[-1] == "order.refunded", 10)
    assert done(stack, order) == ["SENT", "SENT"]
    ids = [call["headers"].get("webhook-id") for call in told(receiver, order)]
    assert len(set(ids[:-1])) == 1 and ids[-1] != ids[0], "a repetition has the same id"
    assert types(receiver, order).count("order.refunded") == 1


def test_a_receiver_that_is_gone_hears_of_the_next(stack, flight, receiver):
    receiver.answer = lambda path, body: (410, b"") if body["type"] == "order.confirmed" else (200, b"")
    order = paid(stack, flight)
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 5, "reason": "late"}).ok(202)
    wait_for(lambda: done(stack, order) == ["FAILED", "SENT"], 10)


def test_what_is_a_day_old_is_not_told(stack, flight, receiver):
    """As after a backup was restored, whose messages somebody may have got long ago."""
    receiver.answer = lambda path, body: (503, b"")
    order = paid(stack, flight)
    wait_for(lambda: told(receiver, order), 10)
    tried = len(told(receiver, order))
    stack.query("UPDATE messages SET created_at = created_at - INTERVAL 25 HOUR, tries = 0 WHERE order_id = %s", order["orderId"])
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 5, "reason": "late"}).ok(202)
    wait_for(lambda: len(stack.query("SELECT 1 FROM messages WHERE order_id = %s", order["orderId"])) == 2, 10)
    receiver.answer = lambda path, body: (200, b"")
    wait_for(lambda: hurry(stack, order) is not None and types(receiver, order)[-1] == "order.refunded", 10)
    assert done(stack, order) == ["TOO_OLD", "SENT"]
    assert types(receiver, order)[tried:] == ["order.refunded"]


@contextlib.contextmanager
def answered_while_the_sweeper_sleeps(stack, api, receiver, orders):
    """Cancels the orders. When the sweeper wakes, it finds that the messages about all of them have been delivered."""
    answer, at_rest = threading.Event(), threading.active_count()
    receiver.answer = lambda path, body: (200 if answer.wait(5) else 500, b"")
    for order in orders:
        api.cancel(order).ok()
    for order in orders:
        wait_told(receiver, order, "order.cancelled")
    (sweeper,) = stack.pids("sweeper")
    os.kill(sweeper, signal.SIGSTOP)
    try:
        answer.set()
        wait_for(lambda: threading.active_count() == at_rest, 5, "the answers to be written")
        yield
    finally:
        os.kill(sweeper, signal.SIGCONT)


def attempts(stack, orders):
    """For each order, which transactions wrote an attempt into its history."""
    return [[row["change_id"] for row in stack.query("SELECT change_id FROM workflow_events WHERE order_id = %s AND type = 'MESSAGE_ATTEMPT'"
                                                     " AND attempt = 1 AND outcome = 'SENT'", order["orderId"])] for order in orders]


def test_those_delivered_together_are_settled_together(stack, api, flight, receiver):
    """One of the orders has another message to tell, which comes after the first."""
    orders = [api.hold(flight, seat) for seat in ("A1", "B1", "C1", "A2", "B2")]
    with answered_while_the_sweeper_sleeps(stack, api, receiver, orders):
        stack.query("INSERT INTO messages (public_id, order_id, type, body, status, created_at, updated_at)"
                    " SELECT UUID(), order_id, 'order.changed', REPLACE(body, 'order.cancelled', 'order.changed'), 'PENDING', UTC_TIMESTAMP(3),"
                    " UTC_TIMESTAMP(3) FROM messages WHERE order_id = %s", orders[2]["orderId"])
    assert [done(stack, order) for order in orders] == [["SENT"], ["SENT"], ["SENT", "SENT"], ["SENT"], ["SENT"]]
    assert types(receiver, orders[2]) == ["order.cancelled", "order.changed"]
    first, *others = attempts(stack, orders)
    assert len(first) == 1 and [changes[:1] for changes in others] == [first] * 4
    assert [len(told(receiver, order)) for order in orders] == [1, 1, 2, 1, 1]


@pytest.mark.parametrize("what", ["taken over", "locked"])
def test_one_that_cannot_be_settled_with_the_others_keeps_none_of_them_up(stack, api, flight, receiver, what):
    odd, *others = [api.hold(flight, seat) for seat in ("A1", "B1", "C1", "A2", "B2")]
    with contextlib.closing(stack.db()) as session:
        session.begin()
        with answered_while_the_sweeper_sleeps(stack, api, receiver, [odd, *others]):
            if what == "taken over":
                stack.query("UPDATE workflow_jobs SET attempts = attempts + 1, run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", odd["orderId"])
            else:
                session.cursor().execute("SELECT 1 FROM orders WHERE order_id = %s FOR UPDATE", odd["orderId"])
        assert [done(stack, order) for order in others] == [["SENT"]] * 4
    assert done(stack, odd) == ["SENT"]
    assert [len(changes) for changes in attempts(stack, [odd, *others])] == [1] * 5
    assert [len(told(receiver, order)) for order in (odd, *others)] == [2 if what == "taken over" else 1, 1, 1, 1, 1]


def test_a_message_holds_no_refused_change(stack, api, flight, receiver):
    """What was refused did not happen."""
    order = paid(stack, flight)
    wait_told(receiver, order, "order.confirmed")
    api.cancel(order).refused(409, "ORDER_CLOSED")
    time.sleep(0.3)
    assert types(receiver, order) == ["order.confirmed"]


def test_nothing_is_written_where_nobody_listens(default_stack):
    order = paid(default_stack, default_stack.new_flight())
    assert default_stack.query("SELECT 1 FROM messages WHERE order_id = %s", order["orderId"]) == []
    assert not default_stack.has_job(order, "SEND_MESSAGE")
