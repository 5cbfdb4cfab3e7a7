# SPDX-License-Identifier: MIT
"""Payments are claimed and settled in batches. What is wrong with one of a batch costs the others nothing but time."""

import signal
import time
from collections import Counter

import pytest

import audit
from calls import Call
from gate import gate, order_gate
from stack import wait_for
from together import answered_together, stop

COUNT = 8


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(PAYMENT_TIMEOUT="3s", RESERVATION_TIMEOUT="10m", SWEEPERS=1, API_WORKERS=12, GATEWAY_WORKERS=COUNT)


@pytest.fixture(autouse=True)
def the_books_agree(stack):
    yield
    audit.audit(stack, deadline=5)


class Batch:
    """Orders whose payments are submitted, announced and approved. The sweeper sleeps, and finds all answers at `wake`."""

    def __init__(self, stack, codes=("99999",) * COUNT):
        self.stack, self.api = stack, stack.api()
        flight = stack.new_flight(rows=COUNT, layout="A")
        self.orders = sorted((self.api.hold(flight, f"A{n + 1}") for n in range(len(codes))), key=lambda o: o["orderId"])
        (self.sweeper,) = stack.pids("sweeper")
        with answered_together(stack, lambda: [self.sweeper], self.orders):
            for order, code in zip(self.orders, codes):
                self.api.pay(order, code).ok()

    def wake(self):
        stop([self.sweeper], signal.SIGCONT)

    def wait(self, *expected, orders=None, deadline=10):
        for order in orders or self.orders:
            self.stack.wait_status(order, *(expected or ["CONFIRMED"]), deadline=deadline)

    def confirmed_in(self, orders=None):
        """How many transactions have confirmed these orders."""
        orders = orders or self.orders
        marks = ", ".join(["%s"] * len(orders))
        rows = self.stack.query(f"SELECT change_id FROM workflow_events WHERE type = 'ORDER_CONFIRMED' AND order_id IN ({marks})",
                                *[order["orderId"] for order in orders])
        assert len(rows) == len(orders), "each once"
        return len({row["change_id"] for row in rows})

    def told_once(self, order):
        types = Counter(e["type"] for e in self.api.events(order))
        assert (types["PAYMENT_ATTEMPT"], types["ORDER_CONFIRMED"], types["CONFIRMATION_ATTEMPT"]) == (1, 1, 1), types


@pytest.fixture
def batch(stack):
    batch = Batch(stack)
    yield batch
    batch.wake()


def test_approvals_are_settled_together(batch):
    batch.wake()
    batch.wait()
    assert batch.confirmed_in() == 1
    for order in batch.orders:
        batch.told_once(order)
        (approved, confirmed, nobody) = batch.stack.everything(order)["events"][-3:]
        charge = batch.stack.charge(order)
        assert (approved["attempt"], approved["outcome"], approved["detail"]) == (1, "APPROVED", charge["transaction_id"])
        assert (confirmed["from_status"], confirmed["to_status"]) == ("PAYMENT_PENDING", "CONFIRMED")
        assert (nobody["type"], nobody["outcome"]) == ("CONFIRMATION_ATTEMPT", "NOT_CONFIGURED")
        assert batch.api.order(order)["locator"] and batch.api.order(order)["version"] == order["version"] + 3
        payment = batch.stack.everything(order)["payment"][0]
        assert (payment["status"], payment["payment_code"], payment["transaction_id"]) == ("APPROVED", "99", charge["transaction_id"])
    assert len({batch.api.order(order)["locator"] for order in batch.orders}) == COUNT


def test_a_locked_order_holds_no_other_back(batch):
    """The sweeper waits a second for a lock, but not with other customers' orders in its hands."""
    locked, *others = batch.orders
    with order_gate(batch.stack, locked) as held:
        batch.wake()
        woken = time.monotonic()
        batch.wait(orders=others)
        assert time.monotonic() - woken < 0.9 and batch.confirmed_in(others) == 1
        assert batch.stack.row(locked)["status"] == "PAYMENT_PENDING"
        held.open()
    batch.wait()
    batch.told_once(locked)


def test_a_locked_order_is_claimed_with_no_other(stack, api):
    """An order is locked while its payment becomes due; the others are asked for at once."""
    flight = stack.new_flight()
    orders = [api.hold(flight, seat) for seat in ("A1", "A2", "B1")]
    stack.admin().post("/api/admin/kinds/PAYMENT_ATTEMPT/pause").ok()
    for order in orders:
        api.pay(order).ok()
    with order_gate(stack, orders[0]) as held:
        stack.admin().post("/api/admin/kinds/PAYMENT_ATTEMPT/resume").ok()
        resumed = time.monotonic()
        wait_for(lambda: all(stack.charge(order) for order in orders[1:]), 5, "the others to be charged", interval=0.02)
        assert time.monotonic() - resumed < 0.9 and not stack.charge(orders[0])
        held.open()
    stack.wait_status(orders[0], "CONFIRMED", deadline=15)


@pytest.mark.parametrize("wrong, outcome", [("its seat is another's", "FAILED"), ("its flight is cancelled", "CANCELLED"),
                                            ("it has ended", "CANCELLED")])
def test_what_is_wrong_with_one_costs_the_others_nothing(stack, batch, wrong, outcome):
    first, *others = batch.orders
    if wrong == "it has ended":
        batch.api.cancel(first).ok()
    elif wrong == "its seat is another's":
        stack.query("UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL"
                    " WHERE reserved_by = %s", first["orderId"])
    else:
        elsewhere = stack.new_flight()
        stack.query("UPDATE flights SET status = 'CANCELLED' WHERE flight_id = %s", elsewhere)
        stack.query("UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL"
                    " WHERE reserved_by = %s", first["orderId"])
        stack.query("UPDATE seats SET status = 'RESERVED', reserved_by = %s, reserved_at = UTC_TIMESTAMP(3) WHERE flight_id = %s"
                    " AND seat_number = 'A1'", first["orderId"], elsewhere)
        stack.query("UPDATE orders SET flight_id = %s, seats = 'A1' WHERE order_id = %s", elsewhere, first["orderId"])
        outcome = "FAILED"
    batch.wake()
    batch.wait(orders=others)
    stack.wait_status(first, outcome)
    wait_for(lambda: stack.charge(first)["status"] == "VOIDED", 10, "the money to be given back")
    for order in others:
        batch.told_once(order)


def test_a_decline_among_approvals(stack):
    batch = Batch(stack, ["99999", "00000"] * (COUNT // 2))
    batch.wake()
    batch.wait("CONFIRMED", orders=batch.orders[::2])
    batch.wait("FAILED", orders=batch.orders[1::2])
    assert batch.confirmed_in(batch.orders[::2]) == 1


def test_a_deadlock_undoes_the_batch_and_none_of_its_payments(stack, batch):
    """Another session has a seat of the last order, and wants the first order. It has done so much that the batch is undone."""
    with gate(stack, "seats WHERE reserved_by = %s", batch.orders[-1]["orderId"]) as held:
        rival = held.cursor
        rival.execute("INSERT INTO flight_booking.lookup_failures SELECT UNHEX(SHA2(seq, 256)), 1, NOW(3)"
                      " FROM flight_booking.seq_1_to_2000")
        batch.wake()
        held.wait_for_queue(1)
        rival.execute("SELECT 1 FROM flight_booking.orders WHERE order_id = %s FOR UPDATE", batch.orders[0]["orderId"])
        held.open()
    batch.wait()
    assert batch.confirmed_in() == COUNT, "one by one"
    for order in batch.orders:
        batch.told_once(order)


def test_customers_cancel_while_a_batch_is_settled(stack):
    """Again and again half of the customers change their minds as the answers are written. Each order ends one way."""
    for _ in range(3):
        batch = Batch(stack)
        calls = [Call(batch.api.cancel if n % 2 else batch.api.pay, order) for n, order in enumerate(batch.orders)]
        batch.wake()
        for n, call in enumerate(calls):
            assert call.answer.status in (200, 409), call.answer
        for order in batch.orders:
            stack.wait_status(order, "CONFIRMED", "CANCELLED")
        wait_for(lambda: not any(stack.everything(order)["jobs"] for order in batch.orders), 10, "nothing to be left to do")
        for order in batch.orders:
            money = "APPROVED" if stack.row(order)["status"] == "CONFIRMED" else "VOIDED"
            assert stack.charge(order)["status"] == money


def test_a_sweeper_that_stalls_with_a_batch_settles_nothing(stack, batch):
    """Its leases have ended, and another has taken over one of its jobs: the claim's number is another one."""
    taken = batch.orders[0]
    stack.query("UPDATE workflow_jobs SET attempts = attempts + 1, locked_by = 'another', run_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"
                " WHERE order_id = %s", taken["orderId"])
    batch.wake()
    batch.wait(orders=batch.orders[1:])
    time.sleep(0.3)
    assert stack.row(taken)["status"] == "PAYMENT_PENDING"
    assert [e["type"] for e in batch.api.events(taken)][-1] == "PAYMENT_SUBMITTED"
    stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", taken["orderId"])
    batch.wait()


def test_nothing_of_a_paused_kind_is_claimed(stack, api):
    """Not by a sweeper that is woken, either, nor one that knows that something is due."""
    flight = stack.new_flight()
    orders = [api.hold(flight, seat) for seat in ("A1", "A2", "B1")]
    stack.query("UPDATE job_kinds SET paused_at = UTC_TIMESTAMP(3) WHERE kind = 'PAYMENT_ATTEMPT'")
    try:
        for order in orders:
            api.pay(order).ok()
        time.sleep(1.5)
        assert [api.order(order)["paymentAttempts"] for order in orders] == [0, 0, 0]
    finally:
        stack.query("UPDATE job_kinds SET paused_at = NULL WHERE kind = 'PAYMENT_ATTEMPT'")
    for order in orders:
        stack.wait_status(order, "CONFIRMED", deadline=3)
