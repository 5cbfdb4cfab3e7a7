# SPDX-License-Identifier: MIT
"""A process is killed at each named point of the code in turn, and everything still ends well.

The programs are a test build whose crash points are armed by a file (booking/base/crash_point.h). A job that the killed
process had claimed is taken over when its lease ends. The tests end that lease at once, except for one that waits.
"""

import time
import uuid

import pytest

import audit
from nudge import nudge
from outside import Outside
from stack import CRASH_BUILD, wait_for


@pytest.fixture(scope="module")
def receiver():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(own_stack, tmp_path_factory, receiver):
    points = tmp_path_factory.mktemp("points")
    (points / "passed").mkdir()
    stack = own_stack(BUILD_DIR=CRASH_BUILD, CRASH_POINTS=points, PAYMENT_TIMEOUT="1s", RESERVATION_TIMEOUT="10m", SWEEPERS=2,
                      API_WORKERS=6, GATEWAY_WORKERS=6, WEBHOOK_URL=receiver.url, WEBHOOK_SECRET="a-secret-of-the-tests",
                      RETENTION="1s")
    stack.receiver = receiver
    stack.points = points
    return stack


@pytest.fixture
def customer(stack):
    return Customer(stack)


class Customer:
    """Repeats each lost request with the same key until there is an answer."""

    def __init__(self, stack):
        self.stack, self.api, self.flight = stack, stack.api(), stack.new_flight()

    def insist(self, method, path, json=None):
        key = f"crash-{uuid.uuid4().hex}"
        body = {} if json is None else {"json": json}

        def answered():
            # A killed request keeps its claim of the key for a while.
            nudge(self.stack, "UPDATE idempotency_keys SET locked_until = UTC_TIMESTAMP(3) WHERE status IS NULL"
                  " AND created_at < UTC_TIMESTAMP(3) - INTERVAL 300000 MICROSECOND")
            reply = self.api.request(method, path, headers={"Idempotency-Key": key}, **body)
            lost = reply.status >= 500 or reply.status == 409 and reply.json["error"] not in (
                "SEATS_UNAVAILABLE", "ORDER_EXPIRED", "ORDER_CLOSED", "PAYMENT_IN_PROGRESS")
            assert reply.status != 500, reply
            return None if lost else reply
        return wait_for(answered, 20, "an answer", interval=0.1)

    def hold(self, *seats):
        return self.insist("POST", f"/api/flights/{self.flight}/orders", {"userId": "crash", "seats": seats}).ok(201)

    def change(self, order, *seats):
        return self.insist("PUT", f"/api/orders/{order['orderId']}/seats", {"seats": seats}).ok()

    def pay(self, order, code):
        return self.insist("POST", f"/api/orders/{order['orderId']}/payment", {"paymentCode": code}).ok()

    def cancel(self, order):
        return self.insist("DELETE", f"/api/orders/{order['orderId']}").ok()

    def outcome(self, order, status):
        """Waits until the order has this status and no job is left."""
        def done():
            self.hurry(order)
            return self.stack.row(order)["status"] == status and not self.stack.everything(order)["jobs"]
        wait_for(done, 30, f"{order['orderId']} to be {status} and done with")

    def hurry(self, order, attempts=1000):
        """Ends the leases of dead workers and all waits, for jobs with at most this many attempts."""
        jobs = self.stack.query("SELECT job_id, kind, status, attempts, locked_by FROM workflow_jobs WHERE order_id = %s",
                                order["orderId"])
        # This is read after the jobs, so that a sweeper that starts in between cannot hold any of these leases.
        alive = {str(pid) for pid in self.stack.pids("sweeper")}
        for job in jobs:
            abandoned = job["status"] == "RUNNING" and job["locked_by"].split("/")[1] not in alive
            waiting = job["status"] == "PENDING" and job["kind"] != "EXPIRE_HOLD"
            if (abandoned or waiting) and job["attempts"] <= attempts:
                nudge(self.stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE job_id = %s AND attempts = %s"
                      " AND status = %s AND run_at > UTC_TIMESTAMP(3)", job["job_id"], job["attempts"], job["status"])


# -- what the customer does, and what the outcome must be ----------------------------------------

def holds(customer):
    order = customer.hold("A1", "A2")
    assert customer.api.order(order)["seats"] == ["A1", "A2"]
    mine = customer.stack.query("SELECT order_id FROM orders WHERE flight_id = %s", customer.flight)
    assert mine == [{"order_id": order["orderId"]}], "one order, however often it was asked for"


def changes(customer):
    order = customer.change(customer.hold("A1", "A2"), "A2", "B1")
    assert customer.api.order(order)["seats"] == ["A2", "B1"]
    taken = {seat for seat, status in customer.api.seats(customer.flight).items() if status != "AVAILABLE"}
    assert taken == {"A2", "B1"}
    assert [e["type"] for e in customer.api.events(order)].count("SEATS_CHANGED") == 1


def cancels(customer):
    order = customer.cancel(customer.hold("A1"))
    customer.outcome(order, "CANCELLED")
    assert customer.api.seats(customer.flight)["A1"] == "AVAILABLE"


def pays(customer):
    order = customer.hold("A1", "B1")
    customer.pay(order, "99999")
    customer.outcome(order, "CONFIRMED")
    assert customer.stack.charge(order)["status"] == "APPROVED"
    given = customer.stack.query("SELECT locator FROM locators WHERE order_id = %s", order["orderId"])
    assert given == [{"locator": customer.api.order(order)["locator"]}]
    seats = customer.api.seats(customer.flight)
    assert (seats["A1"], seats["B1"]) == ("BOOKED", "BOOKED")


def is_refunded(customer):
    order = customer.hold("A1")
    customer.pay(order, "99999")
    customer.outcome(order, "CONFIRMED")
    refund = customer.insist("POST", f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 500, "reason": "a test"}).ok(202)
    customer.outcome(order, "CONFIRMED")
    (made,) = customer.api.get(f"/api/orders/{order['orderId']}/refunds").ok()["refunds"]
    assert (made["refundId"], made["status"]) == (refund["refundId"], "REFUNDED")
    assert customer.stack.gateway_query("SELECT amount_cents FROM charge_refunds WHERE refund_key = %s", refund["refundId"]) == [
        {"amount_cents": 500}]
    assert [e["type"] for e in customer.api.events(order)].count("REFUND_REQUESTED") == 1


def is_told(customer):
    """Each message once or more, and in order."""
    order = customer.hold("A1")
    customer.pay(order, "99999")
    customer.outcome(order, "CONFIRMED")
    customer.insist("POST", f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 500, "reason": "a test"}).ok(202)
    customer.outcome(order, "CONFIRMED")
    types = [call["json"]["type"] for call in list(customer.stack.receiver.calls)
             if call["json"].get("data", {}).get("orderId") == order["orderId"]]
    assert sorted(types) == types and set(types) == {"order.confirmed", "order.refunded"}


def is_declined(customer):
    order = customer.hold("A1")
    customer.pay(order, "00000")
    customer.outcome(order, "FAILED")
    assert customer.api.order(order)["lastError"] == "Payment declined: insufficient funds"
    assert customer.api.seats(customer.flight)["A1"] == "AVAILABLE"


def fails(customer):
    """Every call captures the charge and never answers, so that there is money to give back."""
    order = customer.hold("A1")
    customer.pay(order, "50402")
    customer.outcome(order, "FAILED")
    assert customer.stack.row(order)["payment_attempts"] == 3
    assert customer.stack.charge(order)["status"] == "VOIDED"
    assert customer.api.seats(customer.flight)["A1"] == "AVAILABLE"


def expires(customer):
    order = customer.hold("A1")
    customer.stack.fire_timer(order)
    customer.outcome(order, "EXPIRED")
    assert customer.api.seats(customer.flight)["A1"] == "AVAILABLE"


def takes_over(customer):
    """The hold is over, the sweeper has not ended it yet, and another customer wants the seat."""
    lapsed = customer.hold("A1")
    customer.stack.lapse(lapsed)
    order = customer.hold("A1")
    assert customer.stack.row(lapsed)["status"] == "EXPIRED"
    assert customer.api.order(order)["status"] == "SEATS_RESERVED"


def is_reset(customer):
    open_order, paid = customer.hold("A1"), customer.hold("A2")
    customer.pay(paid, "99999")
    customer.outcome(paid, "CONFIRMED")
    customer.insist("POST", "/api/admin/reset", {"flightId": customer.flight})
    customer.outcome(open_order, "CANCELLED")
    customer.outcome(paid, "CONFIRMED")
    assert set(customer.api.seats(customer.flight).values()) == {"AVAILABLE"}


def is_retried(customer):
    order = customer.hold("A1")
    job = customer.stack.everything(order)["jobs"][0]["job_id"]
    customer.insist("POST", f"/api/admin/jobs/{job}/retry")
    wait_for(lambda: customer.stack.everything(order)["jobs"][0]["status"] == "PENDING", 15)
    assert customer.api.order(order)["status"] == "SEATS_RESERVED", "its time has not come"


def gets_a_token(customer):
    """The answer may be lost, and is kept under no key. The token and its row in the log are both there, or neither is."""
    name = f"crash {uuid.uuid4().hex}"
    asked = customer.api.post("/api/admin/staff", {"name": name, "role": "agent"})
    made = customer.stack.query("SELECT person_id FROM staff_tokens JOIN persons USING (person_id) WHERE name = %s", name)
    logged = customer.stack.query("SELECT a.action FROM audit_log a JOIN persons p ON a.object_kind = 'STAFF' AND"
                                  " a.object_id = CONVERT(p.person_id USING ascii) WHERE p.name = %s", name)
    assert logged == [{"action": "ADD_STAFF"}] * len(made) and (made or asked.status >= 500)
    if made:
        token = customer.api.post(f"/api/admin/staff/{made[0]['person_id']}/rotate").ok()["token"]
    else:
        token = customer.api.post("/api/admin/staff", {"name": name, "role": "agent"}).ok(201)["token"]
    assert customer.stack.api(Authorization=f"Bearer {token}").get("/api/me").ok()["role"] == "agent"


def is_forgotten(customer):
    order = customer.cancel(customer.hold("A1"))
    customer.insist("POST", f"/api/admin/orders/{order['orderId']}/forget", {"reason": "a test"}).ok()
    forgotten_once(customer, order)


def is_forgotten_after_departure(customer):
    order = customer.cancel(customer.hold("A1"))
    other = customer.cancel(customer.hold("A2"))
    customer.stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) WHERE flight_id = %s", customer.flight)
    for each in (order, other):
        wait_for(lambda: customer.stack.row(each)["forgotten_at"], 20, "it to be forgotten")
        forgotten_once(customer, each)


def forgotten_once(customer, order):
    row = customer.stack.row(order)
    assert row["user_id"] == "" and row["forgotten_at"] is not None
    assert [e["type"] for e in customer.stack.everything(order)["events"]].count("PERSONS_FORGOTTEN") == 1


POINTS = [
    (holds, "request.key-claimed", "hold.inserted", "hold.commit", "hold.committed", "hold.answer"),
    (changes, "change.released", "change.commit", "change.committed", "change.answer"),
    (cancels, "cancel.released", "cancel.commit", "cancel.committed", "cancel.answer"),
    (pays, "pay.inserted", "pay.commit", "pay.committed", "pay.answer",
     "PAYMENT_ATTEMPT.commit", "PAYMENT_ATTEMPT.committed", "PAYMENT_ATTEMPT.claimed",
     "begin-attempt.commit", "begin-attempt.committed", "begin-attempt.calling",
     "charge.captured", "charge.answer", "payment.answered",
     "settle-attempt.located", "settle-attempt.booked", "settle-attempt.commit", "settle-attempt.committed",
     "SEND_CONFIRMATION.commit", "SEND_CONFIRMATION.committed", "SEND_CONFIRMATION.claimed",
     "settle-confirmation.commit", "settle-confirmation.committed"),
    (is_refunded, "refund.inserted", "refund.commit", "refund.committed", "refund.answer",
     "REFUND_CHARGE.commit", "REFUND_CHARGE.committed", "REFUND_CHARGE.claimed",
     "give-back.refunded", "give-back.commit", "give-back.committed", "give-back.answer", "refund.answered",
     "settle-refund.commit", "settle-refund.committed"),
    (is_told, "SEND_MESSAGE.commit", "SEND_MESSAGE.committed", "SEND_MESSAGE.claimed", "begin-message.commit",
     "begin-message.committed", "message.answered", "settle-message.commit", "settle-message.committed"),
    (is_declined, "settle-attempt.commit", "settle-attempt.committed"),
    (fails, "PAYMENT_ATTEMPT.claimed", "payment.answered", "settle-attempt.commit", "settle-attempt.committed",
     "VOID_CHARGE.commit", "VOID_CHARGE.committed", "VOID_CHARGE.claimed", "void.voided", "void.commit", "void.committed", "void.answer", "void.answered",
     "settle-void.commit", "settle-void.committed"),
    (expires, "EXPIRE_HOLD.commit", "EXPIRE_HOLD.committed", "EXPIRE_HOLD.claimed", "expire.ended", "expire.commit", "expire.committed"),
    (takes_over, "expire.ended", "expire.commit", "expire.committed"),
    (is_reset, "reset.released", "reset.commit", "reset.committed", "reset.answer"),
    (is_forgotten, "forget.wiped", "forget.commit", "forget.committed", "forget.answer"),
    (is_forgotten_after_departure, "forget.wiped", "forget.commit", "forget.committed"),
    (is_retried, "retry-job.commit", "retry-job.committed", "retry-job.answer"),
    (gets_a_token, "staff.commit", "staff.committed", "staff.answer"),
]
CASES = [pytest.param(flow, point, id=f"{flow.__name__}-{point}") for flow, *points in POINTS for point in points]


@pytest.mark.parametrize("flow, point", CASES)
def test_a_kill_at_this_point_does_no_harm(stack, customer, flow, point):
    armed = stack.points / point
    armed.touch()
    try:
        flow(customer)
        assert not armed.exists(), "no process reached this point"
    finally:
        armed.unlink(missing_ok=True)
    audit.audit(stack, deadline=5)


def test_no_point_of_the_code_is_left_out(stack):
    """The flows above passed no untested points, except those of requests that claim no key and change nothing."""
    passed = {path.name for path in (stack.points / "passed").iterdir()}
    tested = {point for _, *points in POINTS for point in points}
    harmless = {"request.answer", "expire.answer", "EXPIRE_HOLD.ended"}
    assert sorted(passed - tested - harmless) == []


def test_a_killed_sweepers_job_is_taken_over_when_its_lease_ends(stack, customer):
    """The lease is PAYMENT_TIMEOUT + 5 s, and no job waits more than a second beyond it."""
    order = customer.hold("A1")
    armed = stack.points / "begin-attempt.calling"
    armed.touch()
    customer.pay(order, "99999")
    wait_for(lambda: not armed.exists(), 5, "the sweeper to be killed")
    killed = time.monotonic()
    stack.wait_status(order, "CONFIRMED", deadline=10)
    assert 4.5 < time.monotonic() - killed < 7.5
    assert [(e["attempt"], e["outcome"]) for e in customer.api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == [
        (1, "ABANDONED"), (2, "APPROVED")]


def killed_again_and_again(customer, order, point, times):
    """Kills this many attempts in a row at the point. It is armed each time before the next attempt may start."""
    armed = customer.stack.points / point
    for n in range(times):
        armed.touch()
        if n == 0:
            customer.pay(order, "99999")
        wait_for(lambda: not armed.exists() or customer.hurry(order, attempts=n), 20, "the sweeper to be killed")


@pytest.mark.parametrize("point", ["PAYMENT_ATTEMPT.claimed", "begin-attempt.calling", "payment.answered"])
def test_each_of_several_attempts_killed_in_a_row_is_told(stack, customer, point):
    order = customer.hold("A1")
    killed_again_and_again(customer, order, point, 2)
    customer.outcome(order, "CONFIRMED")
    # A claim that was never announced does not count as an attempt, because the gateway was not asked.
    told = [(1, "APPROVED")] if point == "PAYMENT_ATTEMPT.claimed" else [(1, "ABANDONED"), (2, "ABANDONED"), (3, "APPROVED")]
    assert [(e["attempt"], e["outcome"]) for e in customer.api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == told
    audit.audit(stack, deadline=5)


def test_claims_cost_the_customer_no_attempt(stack, customer):
    """One sweeper more than there may be attempts is killed, each before it asked the gateway."""
    order = customer.hold("A1")
    killed_again_and_again(customer, order, "PAYMENT_ATTEMPT.claimed", 4)
    customer.outcome(order, "CONFIRMED")
    assert customer.api.order(order)["paymentAttempts"] == 1
    audit.audit(stack, deadline=5)


def test_all_attempts_killed(stack, customer):
    """There is no fourth attempt, and a charge that may have been captured is voided."""
    order = customer.hold("A1")
    killed_again_and_again(customer, order, "payment.answered", 3)
    customer.outcome(order, "FAILED")
    failed = customer.api.order(order)
    assert failed["paymentAttempts"] == 3 and "after 3 attempts" in failed["message"]
    assert [(e["attempt"], e["outcome"]) for e in customer.api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == [
        (1, "ABANDONED"), (2, "ABANDONED"), (3, "ABANDONED")]
    assert stack.query("SELECT voided_at IS NOT NULL AS voided FROM payments WHERE order_id = %s", order["orderId"]) == [{"voided": 1}]
    audit.audit(stack, deadline=5)
