# SPDX-License-Identifier: MIT
"""Races about paid orders that are cancelled, with the interleaving forced: each request gets its place in the queue for
the order's row, or is stopped right before its COMMIT.
"""

import os
import signal
import time

import pytest

from calls import Call
from gate import gate, order_gate
from persons import name_in
from stack import wait_for
from test_flight_races import before_commit

pytestmark = pytest.mark.usefixtures("gateway_behaves_and_the_books_agree")

PRICE = 12900
REASON = {"reason": "a test"}


@pytest.fixture(scope="module")
def stack(proxy, own_stack):
    return own_stack(PAYMENT_TIMEOUT="1s", RESERVATION_TIMEOUT="10m", API_WORKERS=8, GATEWAY_WORKERS=8, SWEEPERS=2, **proxy.settings)


@pytest.fixture
def flight(stack):
    """Of what was paid, a half is kept."""
    return stack.new_flight(refund_rule="0:5000:0")


@pytest.fixture
def order(stack, api, flight):
    order = api.hold(flight, "A1", "B1")
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    wait_for(lambda: not stack.has_job(order, "SEND_CONFIRMATION"), 10)
    return api.order(order)


@pytest.fixture
def holder(stack, order):
    return with_token(stack, order)


def with_token(stack, order):
    locator = name_in(stack, order, "Lovelace", kind="CONTACT")
    found = stack.api().post("/api/bookings/find", {"locator": locator, "familyName": "Lovelace"}).ok()
    return stack.api(Authorization=f"Bearer {found['token']}")


def url(order):
    return f"/api/orders/{order['orderId']}/cancellation"


def whole(order):
    return {"expectedRefundCents": PRICE * len(order["seats"]) // 2}


def part(*seats):
    return {"expectedRefundCents": PRICE * len(seats) // 2, "seats": seats}


def refunds(stack, order):
    return sorted(row["amount_cents"] for row in stack.query("SELECT amount_cents FROM refunds WHERE order_id = %s", order["orderId"]))


def fee(stack, order):
    return stack.row(order)["fee_cents"]


def in_turn(stack, order, *requests):
    """Lets these requests queue for the order, in this order, and returns their answers."""
    with order_gate(stack, order) as held:
        calls = []
        for number, request in enumerate(requests):
            calls.append(Call(request))
            held.wait_for_queue(number + 1)
        held.open()
        return [call.answer for call in calls]


def cancel_flight(stack, flight):
    return stack.admin().post(f"/api/admin/flights/{flight}/cancel", REASON)


def walk_is_over(stack, flight):
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE flight_id = %s", flight), 15, "the walk to end")


# -- two cancellations ------------------------------------------------------------------------------

def test_the_whole_order_twice(stack, order, holder):
    first, second = in_turn(stack, order, *[lambda: holder.post(url(order), whole(order))] * 2)
    first.ok()
    second.refused(409, "ORDER_CLOSED")
    assert (refunds(stack, order), fee(stack, order)) == ([PRICE], PRICE)


def test_two_seats_one_after_the_other(stack, order, holder):
    """The second one ends the order, which its quote did not say; but the amount is the same."""
    first, second = in_turn(stack, order, lambda: holder.post(url(order), part("A1")), lambda: holder.post(url(order), part("B1")))
    assert first.ok()["status"] == "CONFIRMED" and second.ok()["status"] == "CANCELLED"
    assert (refunds(stack, order), fee(stack, order)) == ([PRICE // 2] * 2, PRICE)


def test_one_seat_twice(stack, order, holder):
    first, second = in_turn(stack, order, *[lambda: holder.post(url(order), part("A1"))] * 2)
    first.ok()
    assert second.refused(400, "INVALID_SEATS")["seats"] == ["A1"]
    assert (refunds(stack, order), fee(stack, order)) == ([PRICE // 2], PRICE // 2)


def test_a_seat_and_then_the_whole_order(stack, order, holder):
    first, second = in_turn(stack, order, lambda: holder.post(url(order), part("A1")), lambda: holder.post(url(order), whole(order)))
    first.ok()
    assert second.refused(409, "QUOTE_CHANGED")["quote"]["refundCents"] == PRICE // 2
    assert refunds(stack, order) == [PRICE // 2] and stack.row(order)["status"] == "CONFIRMED"


def test_the_seat_goes_to_whoever_waits_for_it(stack, api, flight, order, holder):
    """A hold that waits for a seat that is given up gets it, and the book says so: one after the other."""
    key_row = ("orders WHERE order_id = %s", order["orderId"])
    with before_commit(stack, key_row, holder.post, url(order), part("A1")) as cancellation:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "next"})
        cancellation.gate.wait_for_queue(2)
        cancellation.gate.open()
        assert cancellation.answer.ok()["seats"] == ["B1"]
        assert hold.answer.ok(201)["seats"] == ["A1"]


# -- the flight -------------------------------------------------------------------------------------

def test_the_flight_is_cancelled_while_the_customer_waits(stack, flight, order, holder):
    """The customer was first in the queue, but all is given back, without a fee."""
    with order_gate(stack, order) as held:
        late = Call(holder.post, url(order), whole(order))
        held.wait_for_queue(1)
        cancel_flight(stack, flight).ok(202)
        held.open()
        problem = late.answer
        assert problem.status == 409 and problem.json["error"] in ("FLIGHT_CANCELLED", "ORDER_CLOSED"), problem
    walk_is_over(stack, flight)
    assert (refunds(stack, order), fee(stack, order), stack.row(order)["status"]) == ([2 * PRICE], 0, "CANCELLED")


@pytest.mark.parametrize("seats", [("A1", "B1"), ("A1",)], ids=["whole", "part"])
def test_the_flight_is_cancelled_right_after_the_customer(stack, flight, order, holder, seats):
    """The cancellation has the flight's row, so the flight's waits for it. The fee stays, the rest is given back."""
    with before_commit(stack, ("orders WHERE order_id = %s", order["orderId"]), holder.post, url(order), part(*seats)) as call:
        cancel = Call(cancel_flight, stack, flight)
        call.gate.wait_for_queue(2)
        call.gate.open()
        call.answer.ok()
        cancel.answer.ok(202)
    walk_is_over(stack, flight)
    assert stack.row(order)["status"] == "CANCELLED" and fee(stack, order) == PRICE * len(seats) // 2
    assert sum(refunds(stack, order)) == 2 * PRICE - fee(stack, order)


def test_the_walk_comes_first(stack, flight, order, holder):
    cancel_flight(stack, flight).ok(202)
    walk_is_over(stack, flight)
    holder.post(url(order), whole(order)).refused(409, "ORDER_CLOSED")
    assert refunds(stack, order) == [2 * PRICE]


def swap(stack, flight):
    cabin = stack.seating(("economy", "2-10", "A BC"), numbering="column-row")
    return lambda: stack.admin().post(f"/api/admin/flights/{flight}/cabin", {"cabin": cabin, **REASON})


def test_a_seat_is_given_up_before_the_swap(stack, api, flight, order, holder):
    given, swapped = in_turn(stack, order, lambda: holder.post(url(order), part("A1")), swap(stack, flight))
    assert given.ok()["seats"] == ["B1"] and swapped.ok()["moved"] == 1
    now = api.order(order)
    assert (len(now["seats"]), now["status"], refunds(stack, order)) == (1, "CONFIRMED", [PRICE // 2])


def test_a_seat_is_given_up_after_the_swap(stack, api, flight, order, holder):
    """It is not the order's any more; the whole order still is."""
    swapped, given = in_turn(stack, order, swap(stack, flight), lambda: holder.post(url(order), part("A1")))
    assert swapped.ok()["moved"] == 2
    given.refused(400, "INVALID_SEATS")
    assert api.order(order)["status"] == "CONFIRMED" and refunds(stack, order) == []
    holder.post(url(order), whole(order)).ok()


# -- at the gate ------------------------------------------------------------------------------------

def board(stack, order):
    return lambda: stack.admin().post(f"/api/admin/flights/{order['flightId']}/board", {"locator": order["locator"], "passenger": "A1"})


def test_boarded_first(stack, order, holder):
    boarded, given = in_turn(stack, order, board(stack, order), lambda: holder.post(url(order), part("A1")))
    boarded.ok()
    given.refused(409, "PASSENGER_BOARDED")
    assert stack.row(order)["seats"] == "A1,B1" and refunds(stack, order) == []


def test_given_up_first(stack, order, holder):
    given, boarded = in_turn(stack, order, lambda: holder.post(url(order), part("A1")), board(stack, order))
    given.ok()
    boarded.refused(409, "CANNOT_BOARD")
    assert not stack.query("SELECT 1 FROM boardings WHERE order_id = %s", order["orderId"])


# -- money ------------------------------------------------------------------------------------------

def refund(stack, order, cents=None):
    body = {**REASON, **({} if cents is None else {"amountCents": cents})}
    return lambda: stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", body)


def test_staff_give_all_back_first(stack, order, holder):
    refunded, given = in_turn(stack, order, refund(stack, order), lambda: holder.post(url(order), whole(order)))
    assert refunded.ok(202)["amountCents"] == 2 * PRICE
    assert given.refused(409, "QUOTE_CHANGED")["quote"]["refundCents"] == 0
    assert refunds(stack, order) == [2 * PRICE] and stack.row(order)["status"] == "CONFIRMED"


def test_staff_give_back_what_is_left(stack, order, holder):
    given, refunded = in_turn(stack, order, lambda: holder.post(url(order), whole(order)), refund(stack, order))
    given.ok()
    assert refunded.ok(202)["amountCents"] == PRICE
    assert (refunds(stack, order), fee(stack, order)) == ([PRICE, PRICE], 0)


def test_staff_want_more_than_is_left(stack, order, holder):
    given, refunded = in_turn(stack, order, lambda: holder.post(url(order), whole(order)), refund(stack, order, PRICE + 1))
    given.ok()
    refunded.refused(409, "REFUND_TOO_LARGE")
    assert refunds(stack, order) == [PRICE]


@pytest.mark.parametrize("seats", [("A1", "B1"), ("A1",)], ids=["whole", "part"])
def test_a_settlement_that_comes_again_voids_nothing(stack, api, flight, proxy, seats):
    """A sweeper has the approval in hand and stalls. Another has the order confirmed, and then the customer gives up
    seats. When the first one goes on, it must not void what was approved and refunded in part."""
    order = api.hold(flight, "A1", "B1")
    proxy.mode = "held"
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5)
    worker = stack.query("SELECT locked_by FROM workflow_jobs WHERE order_id = %s AND status = 'RUNNING'", order["orderId"])[0]["locked_by"]
    stalled = int(worker.split("/")[1])
    with order_gate(stack, order) as held:
        proxy.release.set()
        held.wait_for_queue(1)
        os.kill(stalled, signal.SIGSTOP)
        time.sleep(1.5)    # its wait for the lock ends
        held.open()
    try:
        proxy.mode = "pass"
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
        stack.wait_status(order, "CONFIRMED")
        with_token(stack, order).post(url(order), part(*seats)).ok()
        wait_for(lambda: [row["status"] for row in stack.query("SELECT status FROM refunds WHERE order_id = %s", order["orderId"])]
                 == ["REFUNDED"], 10)
    finally:
        os.kill(stalled, signal.SIGCONT)
    time.sleep(1)
    assert "VOID_REQUESTED" not in [e["type"] for e in api.events(order)]
    assert stack.charge(order)["status"] == "APPROVED" and refunds(stack, order) == [PRICE * len(seats) // 2]
    assert [(e["attempt"], e["outcome"]) for e in api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == [(1, "ABANDONED"), (2, "APPROVED")]


# -- other seats of what is paid ----------------------------------------------------------------------

def change(stack, order, *seats):
    return lambda: stack.admin().post(f"/api/admin/orders/{order['orderId']}/seats", {"seats": seats, **REASON})


def test_a_seat_that_another_customer_wants(stack, api, flight, order):
    """Both wait for the seat. Whoever comes first gets it, and the paid order keeps what it had."""
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = 'C1'", flight) as held:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["C1"], "userId": "rival"})
        held.wait_for_queue(1)
        changed = Call(change(stack, order, "A1", "C1"))
        held.wait_for_queue(2)
        held.open()
        hold.answer.ok(201)
        assert changed.answer.refused(409, "SEATS_UNAVAILABLE")["seats"] == ["C1"]
    assert stack.row(order)["seats"] == "A1,B1" and stack.row(order)["version"] == order["version"]


def test_a_seat_that_is_left_for_another(stack, api, flight, order):
    with before_commit(stack, ("orders WHERE order_id = %s", order["orderId"]), stack.admin().post,
                       f"/api/admin/orders/{order['orderId']}/seats", {"seats": ["B1", "C1"], **REASON}) as changed:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "next"})
        changed.gate.wait_for_queue(2)
        changed.gate.open()
        assert changed.answer.ok()["seats"] == ["B1", "C1"] and hold.answer.ok(201)["seats"] == ["A1"]


def change_before_commit(stack, order, *seats):
    """It has the seats, and waits for the row of its key."""
    return before_commit(stack, ("seats WHERE flight_id = %s AND seat_number = %s", order["flightId"], seats[-1]), stack.admin().post,
                         f"/api/admin/orders/{order['orderId']}/seats", {"seats": seats, **REASON})


def test_a_cancellation_and_then_a_change(stack, order, holder):
    """The order has one seat less by then."""
    given, changed = in_turn(stack, order, lambda: holder.post(url(order), part("A1")), change(stack, order, "B1", "C1"))
    given.ok()
    changed.refused(400, "INVALID_SEATS")
    assert stack.row(order)["seats"] == "B1"


def test_a_change_and_then_a_cancellation(stack, order, holder):
    """The seat that is given up is not the order's any more."""
    with change_before_commit(stack, order, "B1", "C1") as changed:
        given = Call(holder.post, url(order), part("A1"))
        changed.gate.wait_for_queue(2)
        changed.gate.open()
        changed.answer.ok()
        given.answer.refused(400, "INVALID_SEATS")
    assert stack.row(order)["seats"] == "B1,C1"


def test_the_flight_is_cancelled_while_seats_are_changed(stack, flight, order):
    """Which refusal it is tells only whether the walk came to the order before the change did."""
    with order_gate(stack, order) as held:
        late = Call(change(stack, order, "B1", "C1"))
        held.wait_for_queue(1)
        cancel_flight(stack, flight).ok(202)
        held.open()
        problem = late.answer
        assert problem.status == 409 and problem.json["error"] in ("FLIGHT_CANCELLED", "ORDER_CLOSED"), problem
    walk_is_over(stack, flight)
    assert refunds(stack, order) == [2 * PRICE]


def test_two_refunds_that_are_too_much_together(stack, order, holder):
    """A cheaper choice and a cancellation each ask for their part, under the same lock."""
    stack.query("UPDATE flights SET price_cents = 10000 WHERE flight_id = %s", order["flightId"])
    with change_before_commit(stack, order, "A2", "B2") as changed:
        given = Call(holder.post, url(order), whole(order))
        changed.gate.wait_for_queue(2)
        changed.gate.open()
        assert changed.answer.ok()["totalPriceCents"] == 20000
    assert given.answer.refused(409, "QUOTE_CHANGED")["quote"]["refundCents"] == 10000
    assert (refunds(stack, order), fee(stack, order)) == ([2900], 2900)
