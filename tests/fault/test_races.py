# SPDX-License-Identifier: MIT
"""Every row of the design's table of races, with the interleaving forced: a lock is held, a process is stopped, an
answer is delayed. (tests/api/test_races.py and the storm test the same races, left to chance.)
"""

import os
import signal
import socket
import subprocess
import time
import uuid

import pytest

from calls import Call
from gate import gate, order_gate
from nudge import nudge
from stack import wait_for

pytestmark = pytest.mark.usefixtures("gateway_behaves_and_the_books_agree")

LEASE = 6.0  # PAYMENT_TIMEOUT + 5 s


@pytest.fixture(scope="module")
def stack(proxy, own_stack):
    return own_stack(PAYMENT_TIMEOUT="1s", RESERVATION_TIMEOUT="10m", API_WORKERS=8, GATEWAY_WORKERS=8, SWEEPERS=2, **proxy.settings)


def attempts(api, order):
    return [(e["attempt"], e["outcome"]) for e in api.events(order) if e["type"] == "PAYMENT_ATTEMPT"]


def done_with(stack, order):
    """Waits until no job of the order is left, without the waits between tries."""
    def done():
        nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND status = 'PENDING'"
              " AND kind IN ('VOID_CHARGE', 'SEND_CONFIRMATION') AND run_at > UTC_TIMESTAMP(3)", order["orderId"])
        return not stack.everything(order)["jobs"]
    wait_for(done, 20, "nothing to be left to do")


def voided(stack, order):
    done_with(stack, order)
    return stack.charge(order) is None or stack.charge(order)["status"] == "VOIDED"


def charge_calls(proxy):
    return [call for call in proxy.calls if call[0] == "/charges"]


# -- seats ------------------------------------------------------------------------------------------

def test_two_customers_one_seat(stack, api, flight):
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = 'A1'", flight) as held:
        calls = [Call(api.post, "/api/orders", {"flightId": flight, "seats": seats}) for seats in (["A1", "B1"], ["C1", "A1"])]
        held.wait_for_queue(2)
        held.open()
        first, second = sorted((call.answer for call in calls), key=lambda answer: answer.status)
    first.ok(201)
    assert second.refused(409, "SEATS_UNAVAILABLE")["seats"] == ["A1"]
    taken = {seat for seat, status in api.seats(flight).items() if status != "AVAILABLE"}
    assert taken == set(first.json["seats"]), "nothing of the refused request"


def test_change_to_a_seat_that_is_taken_meanwhile(stack, api, flight):
    order = api.hold(flight, "A1", "B1")
    before = stack.everything(order)
    with order_gate(stack, order) as held:
        change = Call(api.change, order, "B1", "C1")  # free when it was asked for
        held.wait_for_queue(1)
        rival = api.hold(flight, "C1")
        held.open()
        assert change.answer.refused(409, "SEATS_UNAVAILABLE")["seats"] == ["C1"]
    now = stack.everything(order)
    assert {**now, "seats": None} == {**before, "seats": None}, "order, timer and history as before"
    mine = [seat["seat_number"] for seat in now["seats"] if seat["reserved_by"] == order["orderId"]]
    assert mine == ["A1", "B1"] and api.order(rival)["seats"] == ["C1"]


def test_two_changes_to_each_others_seats_do_not_wait_long(stack, api, flight):
    """Each order holds the seat that the other wants. The loser is refused, and nothing hangs."""
    left, right = api.hold(flight, "A1"), api.hold(flight, "A2")
    with gate(stack, "seats WHERE flight_id = %s AND seat_number IN ('A1', 'A2')", flight) as held:
        calls = [Call(api.change, left, "A1", "A2"), Call(api.change, right, "A2", "A1")]
        held.wait_for_queue(2)
        held.open()
        for call in calls:
            call.answer.refused(409, "SEATS_UNAVAILABLE")
    assert (api.order(left)["seats"], api.order(right)["seats"]) == (["A1"], ["A2"])


# -- the hold's end ---------------------------------------------------------------------------------

def end_in(stack, order, milliseconds):
    stack.query("UPDATE orders o JOIN workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'EXPIRE_HOLD'"
                " SET o.expires_at = UTC_TIMESTAMP(3) + INTERVAL %s MICROSECOND, j.run_at = o.expires_at WHERE o.order_id = %s",
                milliseconds * 1000, order["orderId"])


def test_payment_just_before_expiry(stack, api, flight, proxy):
    order = api.hold(flight, "A1")
    end_in(stack, order, 600)
    proxy.mode = "held"
    paid = api.pay(order, "99999").ok()
    assert paid["expiresAt"] is None
    time.sleep(0.8)  # past the hold's former end
    assert api.order(order)["status"] == "PAYMENT_PENDING" and api.seats(flight)["A1"] == "RESERVED"
    assert not stack.has_job(order, "EXPIRE_HOLD")
    proxy.mode = "pass"
    proxy.release.set()
    stack.wait_status(order, "CONFIRMED")


def test_payment_that_comes_to_the_order_after_its_expiry(stack, api, flight, proxy):
    """A payment was sent in time, but waited for the order until time was up. Readers then saw the hold's end."""
    order = api.hold(flight, "A1")
    stack.query("UPDATE workflow_jobs SET run_at = '2100-01-01' WHERE order_id = %s", order["orderId"])
    stack.query("UPDATE orders SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 400000 MICROSECOND WHERE order_id = %s",
                order["orderId"])
    with order_gate(stack, order) as held:
        payment = Call(api.pay, order, "99999")
        held.wait_for_queue(1)
        wait_for(lambda: api.order(order)["status"] == "EXPIRED", 5)
        held.open()
        payment.answer.refused(409, "ORDER_EXPIRED")
    assert not stack.everything(order)["payment"] and not charge_calls(proxy)
    assert api.order(order)["status"] == "EXPIRED"
    stack.fire_timer(order)
    wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 12)


def test_change_and_cancel_that_come_to_the_order_after_its_expiry(stack, api, flight):
    for late in (lambda order: api.change(order, "B1"), api.cancel):
        order = api.hold(flight, "A1")
        stack.query("UPDATE workflow_jobs SET run_at = '2100-01-01' WHERE order_id = %s", order["orderId"])
        stack.query("UPDATE orders SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 400000 MICROSECOND WHERE order_id = %s",
                    order["orderId"])
        with order_gate(stack, order) as held:
            call = Call(late, order)
            held.wait_for_queue(1)
            wait_for(lambda: api.order(order)["status"] == "EXPIRED", 5)
            held.open()
            call.answer.refused(409, "ORDER_EXPIRED")
        stack.fire_timer(order)
        wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 12)


def test_expiry_job_while_a_payment_is_pending(stack, api, flight, proxy):
    order = api.hold(flight, "A1")
    with stack.without("sweeper"):
        api.pay(order, "99999").ok()
        stack.query("UPDATE workflow_jobs SET run_at = '2100-01-01' WHERE order_id = %s", order["orderId"])
        stack.query("INSERT INTO workflow_jobs (kind, order_id, run_at, created_at, updated_at) VALUES"
                    " ('EXPIRE_HOLD', %s, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", order["orderId"])
        before = stack.row(order)
        assert stack.run_sweeper_once().returncode == 0
        assert stack.row(order) == before and not stack.has_job(order, "EXPIRE_HOLD")
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
    stack.wait_status(order, "CONFIRMED")


def test_expiry_job_claimed_before_a_seat_change(stack, api, flight):
    """The sweeper has claimed the timer while a change that restarts it is in progress."""
    order = api.hold(flight, "A1")
    with order_gate(stack, order) as held:
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
        wait_for(lambda: stack.everything(order)["jobs"][0]["attempts"] > 0, 5, "the sweeper to claim the timer")
        change = Call(api.change, order, "B1")
        held.wait_for_queue(1)
        held.open()
        changed = change.answer.ok()
    time.sleep(0.5)
    row, (job,) = stack.row(order), stack.everything(order)["jobs"]
    assert row["status"] == "SEATS_RESERVED" and row["version"] == changed["version"]
    assert (job["run_at"], job["status"], job["locked_by"]) == (row["expires_at"], "PENDING", None)


def test_departure_passes_during_a_hold(stack, api):
    flight = stack.new_flight(departs_in=2)
    order = api.hold(flight, "A1")
    departure = stack.query("SELECT departure_time FROM flights WHERE flight_id = %s", flight)[0]["departure_time"]
    assert stack.row(order)["expires_at"] == departure
    wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 5)
    api.pay(order, "99999").refused(409, "ORDER_EXPIRED")


# -- payment ----------------------------------------------------------------------------------------

def test_payment_submitted_twice(stack, api, flight, proxy):
    proxy.mode = "held"
    order = api.hold(flight, "A1")
    with order_gate(stack, order) as held:
        calls = [Call(api.pay, order, "99999") for _ in range(2)]
        held.wait_for_queue(2)
        held.open()
        first, second = sorted((call.answer for call in calls), key=lambda answer: answer.status)
    first.ok()
    second.refused(409, "PAYMENT_IN_PROGRESS")
    assert len(stack.everything(order)["payment"]) == 1
    proxy.mode = "pass"
    proxy.release.set()
    stack.wait_status(order, "CONFIRMED")


def test_payment_submitted_twice_with_one_key(stack, api, flight, proxy):
    proxy.mode = "held"
    order, key = api.hold(flight, "A1"), {"Idempotency-Key": uuid.uuid4().hex}
    with order_gate(stack, order) as held:
        first = Call(api.pay, order, "99999", headers=key)
        held.wait_for_queue(1)
        api.pay(order, "99999", headers=key).refused(409, "REQUEST_IN_PROGRESS")
        held.open()
        told = first.answer.ok()
    again = api.pay(order, "99999", headers=key)
    assert again.ok() == told and again.headers["Idempotency-Replayed"] == "true"
    proxy.mode = "pass"
    proxy.release.set()
    stack.wait_status(order, "CONFIRMED")


def test_change_and_second_payment_while_paying(stack, api, flight, proxy):
    proxy.mode = "held"
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5, "the attempt to be in flight")
    before = stack.everything(order)
    api.change(order, "B1").refused(409, "PAYMENT_IN_PROGRESS")
    api.pay(order, "12345").refused(409, "PAYMENT_IN_PROGRESS")
    now = stack.everything(order)
    assert (now["seats"], now["payment"][0]["payment_id"]) == (before["seats"], before["payment"][0]["payment_id"])
    assert now["payment"][0]["payment_code"] == "99999"
    proxy.mode = "pass"
    proxy.release.set()
    stack.wait_status(order, "CONFIRMED")


def test_cancel_while_an_attempt_is_in_flight(stack, api, flight, proxy):
    proxy.mode = "held"
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5, "the money to be captured, its answer kept back")
    proxy.mode = "pass"
    assert api.cancel(order).ok()["status"] == "CANCELLED"
    api.hold(flight, "A1")  # free at once
    proxy.release.set()
    assert voided(stack, order)
    wait_for(lambda: attempts(api, order) == [(1, "LATE_APPROVAL")], 5)
    assert api.order(order)["status"] == "CANCELLED" and voided(stack, order)


def test_cancel_before_the_attempt_is_announced(stack, api, flight, proxy):
    """The sweeper has claimed the job and waits for the order behind the cancellation. The gateway is never called."""
    order = api.hold(flight, "A1")
    with order_gate(stack, order) as held:
        payment = Call(api.pay, order, "99999")
        held.wait_for_queue(1)
        cancel = Call(api.cancel, order)
        held.wait_for_queue(2)
        held.open()
        payment.answer.ok()
        cancel.answer.ok()
    done_with(stack, order)
    assert api.order(order)["status"] == "CANCELLED"
    assert stack.charge(order) is None or voided(stack, order)


def test_reset_during_a_payment(stack, api, flight, proxy):
    proxy.mode = "held"
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5, "the money to be captured, its answer kept back")
    proxy.mode = "pass"
    assert api.post("/api/admin/reset", {"flightId": flight}).ok() == {"status": "ok", "ordersEnded": 1, "seatsFreed": 1}
    assert api.order(order)["status"] == "CANCELLED" and api.seats(flight)["A1"] == "AVAILABLE"
    proxy.release.set()
    wait_for(lambda: attempts(api, order) == [(1, "LATE_APPROVAL")], 5)
    assert voided(stack, order) and api.order(order)["status"] == "CANCELLED"


def test_attempt_times_out_though_the_charge_was_captured(stack, api, flight, proxy):
    modes = iter(["slow"])
    proxy.mode = lambda path: next(modes, "pass")
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    assert attempts(api, order) == [(1, "TIMEOUT"), (2, "APPROVED")]
    assert len({key for _, key, _ in charge_calls(proxy)}) == 1 and len(charge_calls(proxy)) == 2
    assert stack.gateway_query("SELECT status FROM charges WHERE order_id = %s", order["orderId"]) == [{"status": "APPROVED"}]


def test_last_attempt_times_out_and_the_void_is_sent_until_answered(stack, api, flight, proxy):
    failing = iter(["error", "portal", "nonsense"])
    proxy.mode = lambda path: next(failing, "pass") if path.endswith("/void") else "slow"
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    stack.wait_status(order, "FAILED", deadline=15)
    assert attempts(api, order) == [(1, "TIMEOUT"), (2, "TIMEOUT"), (3, "TIMEOUT")]
    assert api.seats(flight)["A1"] == "AVAILABLE"
    assert voided(stack, order)
    assert [e["outcome"] for e in api.events(order) if e["type"] == "VOID_ATTEMPT"][:3] == ["ERROR", "ERROR", "ERROR"]


@pytest.mark.parametrize("mode", ["garbage", "nonsense", "half", "huge", "twice", "error", "cut", "lost", "portal"])
def test_gateway_gives_one_bad_answer(stack, api, flight, proxy, mode):
    """An answer that cannot be understood is tried again under the same key. No other customer's answer suffers."""
    modes = iter([mode])
    proxy.mode = lambda path: next(modes, "pass")
    order, other = api.hold(flight, "A1"), api.hold(flight, "A2")
    api.pay(order, "99999").ok()
    wait_for(lambda: charge_calls(proxy), 5)
    api.pay(other, "99999").ok()
    stack.wait_status(order, "CONFIRMED", deadline=15)
    stack.wait_status(other, "CONFIRMED", deadline=15)
    assert attempts(api, other) == [(1, "APPROVED")]
    # If a reused connection breaks before the first byte of an answer, libcurl tries again on a new one.
    assert attempts(api, order)[-1][1] == "APPROVED"
    assert len(attempts(api, order)) in {"twice": [1], "cut": [1, 2], "lost": [1, 2]}.get(mode, [2])
    assert len({key for _, key, _ in charge_calls(proxy)}) == 2, "one key an order"


# -- sweepers ---------------------------------------------------------------------------------------

def holder_of(stack, order):
    """The process that is working on the order's payment."""
    worker = wait_for(lambda: (stack.query("SELECT locked_by FROM workflow_jobs WHERE order_id = %s AND status = 'RUNNING'",
                                           order["orderId"]) or [{}])[0].get("locked_by"), 5, "the job to be claimed")
    return int(worker.split("/")[1])


def test_a_sweeper_stalls_past_its_lease_then_answers(stack, api, flight, proxy):
    order = api.hold(flight, "A1")
    proxy.mode = "held"
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5)
    stalled = holder_of(stack, order)
    os.kill(stalled, signal.SIGSTOP)
    try:
        wait_for(lambda: len(charge_calls(proxy)) == 2, LEASE + 1.5, "another sweeper to take over after the lease")
    finally:
        proxy.release.set()  # both are answered now
        os.kill(stalled, signal.SIGCONT)
    proxy.mode = "pass"
    stack.wait_status(order, "CONFIRMED")
    assert attempts(api, order) == [(1, "ABANDONED"), (2, "APPROVED")]
    assert [e["type"] for e in api.events(order)].count("ORDER_CONFIRMED") == 1
    assert len({key for _, key, _ in charge_calls(proxy)}) == 1


def test_approval_arrives_after_failed(stack, api, flight, proxy):
    """The first sweeper stalls with the approval. The others cannot reach the gateway until the order has failed."""
    order = api.hold(flight, "A1")
    modes = iter(["held"])
    proxy.mode = lambda path: "pass" if path.endswith("/void") else next(modes, "error")
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5)
    stalled = holder_of(stack, order)
    os.kill(stalled, signal.SIGSTOP)
    proxy.release.set()
    try:
        stack.wait_status(order, "FAILED", deadline=LEASE + 10)
        assert voided(stack, order)
    finally:
        os.kill(stalled, signal.SIGCONT)
    time.sleep(0.5)
    assert api.order(order)["status"] == "FAILED" and voided(stack, order)
    assert api.seats(flight)["A1"] == "AVAILABLE"


def test_a_killed_sweeper_charges_once(stack, api, flight, proxy):
    order = api.hold(flight, "A1")
    proxy.mode = "held"
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5)
    os.kill(holder_of(stack, order), signal.SIGKILL)
    proxy.mode = "pass"
    begun = time.monotonic()
    stack.wait_status(order, "CONFIRMED", deadline=LEASE + 3)
    assert time.monotonic() - begun < LEASE + 1
    assert attempts(api, order) == [(1, "ABANDONED"), (2, "APPROVED")]
    assert len({key for _, key, _ in charge_calls(proxy)}) == 1


def test_many_sweepers_one_job(stack, api, flight, proxy):
    order = api.hold(flight, "A1")
    with stack.without("sweeper"):
        api.pay(order, "99999").ok()
        with order_gate(stack, order) as held:  # the first sweeper waits with its claim while the others look for work
            sweepers = [stack.popen("sweeper", "--once") for _ in range(5)]
            held.wait_for_queue(1)
            time.sleep(0.3)
            held.open()
        assert [sweeper.wait(20) for sweeper in sweepers] == [0] * 5
        for sweeper in sweepers:
            sweeper.communicate()
    stack.wait_status(order, "CONFIRMED")
    assert attempts(api, order) == [(1, "APPROVED")] and len(charge_calls(proxy)) == 1


def test_sweeper_down(stack, api, flight):
    held, paying = api.hold(flight, "A1"), api.hold(flight, "A2")
    with stack.without("sweeper"):
        api.pay(paying, "99999").ok()
        stack.lapse(held)
        assert api.order(held)["status"] == "EXPIRED"
        api.pay(held, "99999").refused(409, "ORDER_EXPIRED")
        assert api.seats(flight)["A1"] == "AVAILABLE"
        api.hold(flight, "A1")
        assert api.order(paying)["status"] == "PAYMENT_PENDING"
        # At once if the sweepers ended in order, and within fifteen seconds if they were killed.
        wait_for(lambda: (api.get("/health").json["sweeper"], api.get("/health").json["sweepers"]) == ("down", 0), 17)
    stack.wait_status(paying, "CONFIRMED")


def test_a_locked_row_holds_up_no_other_order(stack, api, flight):
    """A hung process holds an order's lock. The sweepers continue with all other orders within a second or so."""
    stuck, other = api.hold(flight, "A1"), api.hold(flight, "A2")
    timers = [api.hold(flight, f"B{row}") for row in range(1, 6)]
    with order_gate(stack, timers[0]), order_gate(stack, stuck):
        for order in (timers[0], stuck):
            stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
        for order in timers[1:]:
            stack.fire_timer(order)
        begun = time.monotonic()
        for order in timers[1:]:
            wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 20)
        expired_after = time.monotonic() - begun
        api.pay(other, "99999").ok()
        begun = time.monotonic()
        stack.wait_status(other, "CONFIRMED", deadline=30)
        paid_after = time.monotonic() - begun
        assert expired_after < 4 and paid_after < 4, (expired_after, paid_after)


def test_a_wait_for_the_second_of_two_seats_ends_in_time(stack, api, flight):
    """A2 is locked for longer than a request waits for a lock. The request for A1 and A2 gets A1's row, then the error.
    It is answered soon, and once A2's lock is released, the next request succeeds at once."""
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = 'A2'", flight) as held:
        begun = time.monotonic()
        api.post(f"/api/flights/{flight}/orders", {"userId": "one", "seats": ["A1", "A2"]}).refused(503, "DATABASE_UNAVAILABLE")
        assert time.monotonic() - begun < 3
        held.open()
    opened = time.monotonic()
    api.post(f"/api/flights/{flight}/orders", {"userId": "one", "seats": ["A1", "A2"]}).ok(201)
    assert time.monotonic() - opened < 2


# -- another cabin ----------------------------------------------------------------------------------

def swap(stack, flight, rows="1-4", **kw):
    cabin = stack.seating(("economy", rows, "A BC"), numbering="column-row")
    return Call(stack.admin().post, f"/api/admin/flights/{flight}/cabin", {"cabin": cabin, "reason": "a test"}, **kw)


def owners(stack, flight):
    return {row["seat_number"]: row["reserved_by"] for row in stack.query(
        "SELECT seat_number, reserved_by FROM seats WHERE flight_id = %s AND reserved_by IS NOT NULL", flight)}


def all_are_seated(stack, api, flight, *orders):
    """Each in a seat of the new cabin, which is theirs."""
    seats = {seat: order["orderId"] for order in orders for seat in api.order(order)["seats"]}
    assert owners(stack, flight) == seats and set(api.seats(flight)) == {f"{c}{row}" for c in "ABC" for row in range(1, 5)}


@pytest.mark.parametrize("first", ["hold", "swap"])
def test_a_hold_while_the_flight_gets_another_cabin(stack, api, flight, first):
    """The hold has locked the last seat before the swap does, and its order was not there when the swap looked; or it
    comes too late for a seat that is gone."""
    sold = api.hold(flight, "A9")
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = 'A1'", flight) as held:
        calls = {}
        for turn, name in enumerate(("hold", "swap") if first == "hold" else ("swap", "hold")):
            calls[name] = swap(stack, flight) if name == "swap" else Call(
                api.post, "/api/orders", {"flightId": flight, "seats": ["A1", "A10"]})
            held.wait_for_queue(turn + 1)
        held.open()
        calls["swap"].answer.ok()
    if first == "hold":
        order = calls["hold"].answer.ok(201)
        all_are_seated(stack, api, flight, sold, order)
        assert "A1" in api.order(order)["seats"] and "A10" not in api.order(order)["seats"]
    else:
        assert calls["hold"].answer.status in (400, 409)
        all_are_seated(stack, api, flight, sold)


def test_a_change_while_the_flight_gets_another_cabin(stack, api, flight):
    order = api.hold(flight, "A9")
    with order_gate(stack, order) as held:
        change = Call(api.change, order, "A2", "A10")
        held.wait_for_queue(1)
        swapped = swap(stack, flight)
        held.wait_for_queue(2)
        held.open()
        change.answer.ok()
        assert swapped.answer.ok()["moved"] == 1, "it plans with the seats that the order has by then"
    all_are_seated(stack, api, flight, order)


@pytest.mark.parametrize("first", ["payment", "swap"])
def test_a_payment_while_the_flight_gets_another_cabin(stack, api, flight, first):
    stack.query("UPDATE flights SET surcharges = 'exit=1500' WHERE flight_id = %s", flight)
    stack.query("UPDATE seats SET features = IF(seat_number = 'A10', 'exit', '') WHERE flight_id = %s", flight)
    order = api.hold(flight, "A10")
    with order_gate(stack, order) as held:
        calls = {}
        for turn, name in enumerate(("payment", "swap") if first == "payment" else ("swap", "payment")):
            calls[name] = swap(stack, flight) if name == "swap" else Call(api.pay, order, "99999")
            held.wait_for_queue(turn + 1)
        held.open()
        calls["payment"].answer.ok()
        if first == "payment":    # its amount was fixed before
            conflicts = calls["swap"].answer.refused(409, "SEATS_UNAVAILABLE")["conflicts"]
            assert conflicts == [{"orderId": order["orderId"], "seat": "A10", "why": "PAYMENT_PENDING"}]
        else:
            calls["swap"].answer.ok()
    stack.wait_status(order, "CONFIRMED")
    assert stack.charge(order)["amount_cents"] == (14400 if first == "payment" else 12900)
    if first == "payment":
        assert swap(stack, flight).answer.ok()["refundCents"] == 1500
    all_are_seated(stack, api, flight, order)
    done_with(stack, order)


def test_a_hold_ends_while_the_flight_gets_another_cabin(stack, api, flight):
    order, other = api.hold(flight, "A9"), api.hold(flight, "A10")
    with order_gate(stack, order) as held:
        swapped = swap(stack, flight)
        held.wait_for_queue(1)
        stack.fire_timer(other)
        held.open()
        swapped.answer.ok()
    stack.wait_status(other, "EXPIRED")
    wait_for(lambda: stack.row(other)["status"] == "EXPIRED", 10)
    all_are_seated(stack, api, flight, order)


def test_two_swaps_at_once(stack, api, flight):
    order = api.hold(flight, "A9")
    with order_gate(stack, order) as held:
        calls = [swap(stack, flight, headers={"If-Match": '"1"'}) for _ in range(2)]
        held.wait_for_queue(2)
        held.open()
        answers = sorted((call.answer for call in calls), key=lambda answer: answer.status)
    answers[0].ok()
    answers[1].refused(412, "PRECONDITION_FAILED")
    assert api.order(order)["version"] == order["version"] + 1
    all_are_seated(stack, api, flight, order)


def test_the_flight_is_cancelled_before_its_other_cabin(stack, api, flight):
    order = api.hold(flight, "A9")
    with order_gate(stack, order) as held:
        swapped = swap(stack, flight)
        held.wait_for_queue(1)
        stack.admin().post(f"/api/admin/flights/{flight}/cancel", {"reason": "a test"}).ok(202)
        held.open()
        swapped.answer.refused(409, "FLIGHT_CANCELLED")
    stack.wait_status(order, "CANCELLED")
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE flight_id = %s", flight), 15, "the walk to end")
    assert len(api.seats(flight)) == 30


# -- the database and the network -------------------------------------------------------------------

def test_connections_dropped_in_the_middle_of_everything(stack, api, flight):
    order = api.hold(flight, "A1")
    before = stack.everything(order)
    key = {"Idempotency-Key": uuid.uuid4().hex}
    with order_gate(stack, order) as held:
        calls = [Call(api.change, order, "B1", headers=key), Call(api.pay, order, "99999"), Call(api.cancel, order)]
        held.wait_for_queue(3)
        held.cursor.execute("SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
        for (number,) in held.cursor.fetchall():
            held.cursor.execute(f"KILL CONNECTION {number}")
        for call in calls:
            answer = call.answer
            assert answer.refused(503, "DATABASE_UNAVAILABLE") and int(answer.headers["Retry-After"]) >= 1
    assert stack.everything(order) == before
    assert api.change(order, "B1", headers=key).ok()["seats"] == ["B1"]


def test_client_hangs_up(stack, api, flight):
    order, key = api.hold(flight, "A1"), uuid.uuid4().hex
    body = b'{"seats":["B1"]}'
    head = (f"PUT /api/orders/{order['orderId']}/seats HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with order_gate(stack, order) as held:
        with socket.create_connection(("127.0.0.1", stack.port)) as client:
            client.sendall(head + body)
            held.wait_for_queue(1)
        held.open()  # with no client there to get the answer
    wait_for(lambda: api.order(order)["seats"] == ["B1"], 5, "the work to be done all the same")
    again = api.put(f"/api/orders/{order['orderId']}/seats", body=body,
                    headers={"Idempotency-Key": key, "Content-Type": "application/json"})
    assert again.ok()["seats"] == ["B1"] and again.headers["Idempotency-Replayed"] == "true"
    assert [e["type"] for e in api.events(order)].count("SEATS_CHANGED") == 1


def test_half_a_request_changes_nothing(stack, api, flight):
    order = api.hold(flight, "A1")
    before = stack.everything(order)
    with socket.create_connection(("127.0.0.1", stack.port)) as client:
        client.sendall(f"PUT /api/orders/{order['orderId']}/seats HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       "Content-Length: 30\r\n\r\n{\"seats\":[\"B1\"".encode())
    time.sleep(0.3)
    assert stack.everything(order) == before


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static time_t shift(void)
{
    if (strcmp(program_invocation_short_name, "booking-api") == 0) return 86400;
    if (strcmp(program_invocation_short_name, "sweeper") == 0) return -86400;
    return 0;
}
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int r = (int)syscall(SYS_clock_gettime, clock, now);
    if (r == 0 && clock == CLOCK_REALTIME) now->tv_sec += shift();
    return r;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    now->tv_sec = t.tv_sec;
    now->tv_usec = t.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *ret)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (ret) *ret = t.tv_sec;
    return t.tv_sec;
}
"""


def test_clocks_of_hosts_disagree(own_stack, tmp_path):
    """The API's clock is a day ahead and the sweeper's a day behind. Only the database's clock counts."""
    (tmp_path / "shim.c").write_text(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "shim.so", tmp_path / "shim.c"], check=True)
    stack = own_stack(LD_PRELOAD=tmp_path / "shim.so", RESERVATION_TIMEOUT="3s", PAYMENT_TIMEOUT="1s", API_WORKERS=2, GATEWAY_WORKERS=2)
    api, flight = stack.api(), stack.new_flight()
    days = {program: next(line for line in stack.logs().splitlines() if f'"program":"{program}"' in line)[:19]
            for program in ("booking-api", "sweeper", "payment-gateway")}
    assert len(set(days.values())) == 3, days
    left, paid, retried = (api.hold(flight, seat) for seat in ("A1", "A2", "A3"))
    assert 2 <= left["timerRemaining"] <= 3
    api.pay(paid, "99999").ok()
    api.pay(retried, "50301").ok()
    stack.wait_status(paid, "CONFIRMED", deadline=5)
    stack.wait_status(retried, "CONFIRMED", deadline=6)
    wait_for(lambda: stack.row(left)["status"] == "EXPIRED", 5)
    ended = stack.query("SELECT TIMESTAMPDIFF(MICROSECOND, o.reserved_at, e.created_at) / 1e6 AS s FROM orders o"
                        " JOIN workflow_events e ON e.order_id = o.order_id AND e.type = 'ORDER_EXPIRED' WHERE o.order_id = %s",
                        left["orderId"])[0]["s"]
    assert 3 <= ended < 4


# -- a flight is cancelled, seats are blocked -------------------------------------------------------

def cancel_flight(stack, flight):
    return stack.admin().post(f"/api/admin/flights/{flight}/cancel", {"reason": "a test"})


def walk_is_over(stack, flight):
    """No order of the flight is open or confirmed, no seat taken, and each that was paid is refunded once."""
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE flight_id = %s", flight), 15, "the walk to end")
    assert not stack.query("SELECT 1 FROM orders WHERE flight_id = %s AND status IN"
                           " ('SEATS_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED')", flight)
    assert set(stack.api().seats(flight).values()) <= {"AVAILABLE", "BLOCKED"}


def refunds(stack, order):
    return [row["amount_cents"] for row in stack.query("SELECT amount_cents FROM refunds WHERE order_id = %s", order["orderId"])]


def test_flight_cancelled_while_a_hold_waits_for_its_seat(stack, api, flight):
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = 'A1'", flight) as held:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "late"})
        held.wait_for_queue(1)
        cancel = Call(cancel_flight, stack, flight)
        time.sleep(0.3)
        held.open()
        cancel.answer.ok(202)
        reply = hold.answer
    if reply.status != 201:
        reply.refused(409, "FLIGHT_CANCELLED")
    walk_is_over(stack, flight)


def test_flight_cancelled_while_a_hold_waits_for_the_flight(stack, api, flight):
    """Both wait for the flight's row. Whichever comes first, no hold is left."""
    with gate(stack, "flights WHERE flight_id = %s", flight) as held:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "late"})
        held.wait_for_queue(1)
        cancel = Call(cancel_flight, stack, flight)
        held.wait_for_queue(2)
        held.open()
        cancel.answer.ok(202)
        reply = hold.answer
    walk_is_over(stack, flight)
    if reply.status == 201:
        assert api.order(reply.json)["status"] == "CANCELLED"
    else:
        reply.refused(409, "FLIGHT_CANCELLED")


@pytest.mark.parametrize("change", [lambda api, order: api.change(order, "B1"), lambda api, order: api.pay(order, "99999")],
                         ids=["changed", "paid"])
def test_flight_cancelled_while_a_hold_is_changed_or_paid(stack, api, flight, proxy, change):
    """The request has the order's place in the queue before the walk, and finds the flight cancelled."""
    order = api.hold(flight, "A1")
    with order_gate(stack, order) as held:
        late = Call(change, api, order)
        held.wait_for_queue(1)
        cancel_flight(stack, flight).ok(202)
        held.open()
        late.answer.refused(409, "FLIGHT_CANCELLED")
    walk_is_over(stack, flight)
    assert api.order(order)["status"] == "CANCELLED" and not charge_calls(proxy)


def test_flight_cancelled_while_a_change_holds_the_flights_row(stack, api, flight):
    """The change has read the flight, and waits for nothing any more; the cancellation comes after it."""
    order = api.hold(flight, "A1")
    with gate(stack, "workflow_jobs WHERE order_id = %s", order["orderId"]) as held:
        change = Call(api.change, order, "B1")
        held.wait_for_queue(1)
        cancel = Call(cancel_flight, stack, flight)
        held.wait_for_queue(2)
        held.open()
        assert change.answer.ok()["seats"] == ["B1"]
        cancel.answer.ok(202)
    walk_is_over(stack, flight)
    assert api.order(order)["status"] == "CANCELLED" and api.order(order)["seats"] == ["B1"]


def test_flight_cancelled_while_an_attempt_is_in_flight(stack, api, flight, proxy):
    proxy.mode = "held"
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5, "the money to be captured, its answer kept back")
    proxy.mode = "pass"
    cancel_flight(stack, flight).ok(202)
    walk_is_over(stack, flight)
    proxy.release.set()
    assert voided(stack, order) and refunds(stack, order) == []
    assert api.order(order)["status"] == "CANCELLED"


def test_flight_cancelled_while_an_approval_is_written_down(stack, api, flight, proxy):
    """The approval waits for the order. When it gets it, the flight is cancelled."""
    proxy.mode = "held"
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5)
    with order_gate(stack, order) as held:
        proxy.release.set()
        held.wait_for_queue(1)
        cancel_flight(stack, flight).ok(202)
        held.open()
    proxy.mode = "pass"
    walk_is_over(stack, flight)
    assert api.order(order)["status"] in ("FAILED", "CANCELLED")
    assert voided(stack, order) and refunds(stack, order) == []


def test_flight_cancelled_as_soon_as_its_order_is_confirmed(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    with order_gate(stack, stack.wait_status(order, "CONFIRMED")) as held:
        cancel_flight(stack, flight).ok(202)
        time.sleep(0.5)    # the walk passes it over
        assert stack.row(order)["status"] == "CONFIRMED"
        held.open()
    walk_is_over(stack, flight)
    assert api.order(order)["status"] == "CANCELLED" and refunds(stack, order) == [order["totalPriceCents"]]
    done_with(stack, order)
    assert stack.charge(order)["status"] == "APPROVED"


def test_flight_cancelled_while_its_holds_lapse(stack, api, flight):
    order = api.hold(flight, "A1")
    with order_gate(stack, order) as held:
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
        cancel_flight(stack, flight).ok(202)
        time.sleep(0.5)
        held.open()
    walk_is_over(stack, flight)
    assert [e["type"] for e in api.events(order) if e["toStatus"] in ("CANCELLED", "EXPIRED")] == ["ORDER_CANCELLED"]
    assert not stack.everything(order)["jobs"]


def test_a_second_approval_that_comes_after_the_refund_voids_nothing(stack, api, flight, proxy):
    """The first sweeper stalls with its approval in hand. Another has the order confirmed; then the flight is cancelled."""
    order = api.hold(flight, "A1")
    proxy.mode = "held"
    api.pay(order, "99999").ok()
    wait_for(lambda: stack.charge(order), 5)
    stalled = holder_of(stack, order)
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
        cancel_flight(stack, flight).ok(202)
        walk_is_over(stack, flight)
        done_with(stack, order)
    finally:
        os.kill(stalled, signal.SIGCONT)
    time.sleep(1)
    assert attempts(api, order) == [(1, "ABANDONED"), (2, "APPROVED")]
    assert "VOID_REQUESTED" not in [e["type"] for e in api.events(order)]
    assert stack.charge(order)["status"] == "APPROVED" and refunds(stack, order) == [order["totalPriceCents"]]


def test_two_cancel_one_flight(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    with gate(stack, "flights WHERE flight_id = %s", flight) as held:
        calls = [Call(cancel_flight, stack, flight) for _ in range(2)]
        held.wait_for_queue(2)
        held.open()
        assert [call.answer.ok(202)["version"] for call in calls] == [2, 2]
    walk_is_over(stack, flight)
    assert refunds(stack, order) == [order["totalPriceCents"]]
    assert stack.query("SELECT COUNT(*) AS n FROM audit_log WHERE object_id = %s", flight) == [{"n": 1}]


def test_a_walk_that_is_killed_goes_on(stack, api):
    """Sweepers are killed again and again while they end a flight's orders."""
    flight = stack.new_flight(rows=30)
    orders = [api.hold(flight, f"{letter}{row}") for row in range(1, 31) for letter in "AB"]
    for order in orders[::4]:
        api.pay(order, "99999").ok()
    for order in orders[::4]:
        stack.wait_status(order, "CONFIRMED")
    cancel_flight(stack, flight).ok(202)
    for _ in range(4):
        for pid in stack.pids("sweeper"):
            os.kill(pid, signal.SIGKILL)
        nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE flight_id = %s", flight)
        time.sleep(0.4)
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE flight_id = %s", flight)
    walk_is_over(stack, flight)
    for order in orders:
        assert [e["type"] for e in api.events(order)].count("ORDER_CANCELLED") == 1
        assert refunds(stack, order) == ([order["totalPriceCents"]] if order in orders[::4] else [])
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs j JOIN orders o ON o.order_id = j.order_id"
                                     " WHERE o.flight_id = %s", flight), 20, "every refund to be made")


def test_a_block_against_a_hold(stack, api, flight):
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = 'A1'", flight) as held:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["A1", "B1"], "userId": "late"})
        block = Call(stack.admin().post, f"/api/admin/flights/{flight}/blocks", {"seats": ["C1", "A1"], "reason": "a test"})
        held.wait_for_queue(2)
        held.open()
        answers = {"hold": hold.answer, "block": block.answer}
    seats = api.seats(flight)
    if answers["hold"].status == 201:
        assert answers["block"].refused(409, "SEATS_UNAVAILABLE")["seats"] == ["A1"]
        assert (seats["A1"], seats["B1"], seats["C1"]) == ("RESERVED", "RESERVED", "AVAILABLE")
    else:
        answers["block"].ok()
        assert answers["hold"].refused(409, "SEATS_UNAVAILABLE")["seats"] == ["A1"]
        assert (seats["A1"], seats["B1"], seats["C1"]) == ("BLOCKED", "AVAILABLE", "BLOCKED")
