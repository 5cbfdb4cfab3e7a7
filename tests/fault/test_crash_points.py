# SPDX-License-Identifier: MIT
"""A process is killed at each named point of the code in turn, and everything still ends well.

The programs are a test build whose crash points are armed by a file (booking/base/crash_point.h). A job that the killed
process had claimed is taken over when its lease ends. The tests end that lease at once, except for one that waits.
"""

import datetime
import json
import os
import signal
import subprocess
import threading
import time
import uuid

import pytest

import audit
from nudge import nudge
from outside import Outside
from persons import add_person
from post_office import PostOffice
from stack import CRASH_BUILD, ROOT, wait_for
from together import answered_together, stop


@pytest.fixture(scope="module")
def receiver():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def office():
    service = PostOffice()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory, receiver, office, own_stack):
    points = tmp_path_factory.mktemp("points")
    (points / "passed").mkdir()
    stack = own_stack(PASSENGERS="optional", BUILD_DIR=CRASH_BUILD, CRASH_POINTS=points, PAYMENT_TIMEOUT="1s", RESERVATION_TIMEOUT="10m", SWEEPERS=2, KEEP_HOLD_AFTER_DECLINE="yes",
                      API_WORKERS=6, GATEWAY_WORKERS=6, WEBHOOK_URL=receiver.url, WEBHOOK_SECRET="a-secret-of-the-tests", CONFIRMATION_URL=f"{receiver.url}/confirmed",
                      SMTP_URL=f"smtp://127.0.0.1:{office.port}", SMTP_TLS="off", MAIL_FROM="booking@example.org", RETENTION="1s")
    stack.receiver, stack.office = receiver, office
    stack.points = points
    return stack


@pytest.fixture
def customer(stack):
    return Customer(stack)


class Customer:
    """Repeats each lost request with the same key until there is an answer."""

    def __init__(self, stack):
        self.stack, self.api, self.flight = stack, stack.api(), stack.new_flight()

    def insist(self, method, path, json=None, body=None, media=None):
        key = f"crash-{uuid.uuid4().hex}"
        body = {"body": body} if json is None else {"json": json}
        kind = {"Content-Type": media} if media else {}

        def answered():
            # A killed request keeps its claim of the key for a while.
            nudge(self.stack, "UPDATE idempotency_keys SET locked_until = UTC_TIMESTAMP(3) WHERE status IS NULL"
                  " AND created_at < UTC_TIMESTAMP(3) - INTERVAL 300000 MICROSECOND")
            reply = self.api.request(method, path, headers={"Idempotency-Key": key, **kind}, **body)
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
        jobs = self.stack.query("SELECT job_id, kind, status, attempts, locked_by FROM workflow_jobs WHERE order_id = %s"
                                " OR flight_id = %s OR kind = 'IMPORT_FLIGHTS'", order["orderId"], self.flight)
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


ADA, BOB = {"givenName": "Ada", "familyName": "Lovelace"}, {"familyName": "Boole", "kind": "child"}


def persons_of(customer, order):
    """Whoever is on the order, and how many were wiped."""
    rows = customer.stack.query("SELECT * FROM persons WHERE order_id = %s ORDER BY position IS NULL, position", order["orderId"])
    names = [(row["position"], row["family_name"], row["phone"]) for row in rows if row["forgotten_at"] is None]
    return names, len(rows) - len(names)


def holds_for_persons(customer):
    """All of them with the order, once, or none of it."""
    wish = {"userId": "crash", "seats": ["A1", "A2"], "passengers": [ADA, BOB], "contact": {"phone": "030 12345"}}
    order = customer.insist("POST", f"/api/flights/{customer.flight}/orders", wish).ok(201)
    mine = customer.stack.query("SELECT order_id FROM orders WHERE flight_id = %s", customer.flight)
    assert mine == [{"order_id": order["orderId"]}]
    assert persons_of(customer, order) == ([(1, "Lovelace", None), (2, "Boole", None), (None, None, "030 12345")], 0)
    assert len(customer.stack.query("SELECT 1 FROM persons WHERE order_id IN (SELECT order_id FROM orders WHERE flight_id = %s)",
                                    customer.flight)) == 3


def names_persons(customer):
    order = customer.hold("A1", "A2")
    path = f"/api/orders/{order['orderId']}/passengers"
    named = customer.insist("PUT", path, {"passengers": [ADA, BOB]}).ok()
    again = customer.insist("PUT", path, {"passengers": [BOB], "contact": {"phone": "030 12345"}}).ok()
    assert (named["version"], again["version"]) == (2, 3)
    assert persons_of(customer, order) == ([(1, "Boole", None), (None, None, "030 12345")], 1)
    assert [e["type"] for e in customer.api.events(order)].count("PASSENGERS_CHANGED") == 2


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


def is_paid_later(customer):
    """The gateway's first answer is that it has not decided yet; so the approval is settled by itself."""
    order = customer.hold("A1")
    customer.pay(order, "20200")
    customer.outcome(order, "CONFIRMED")
    assert customer.stack.charge(order)["status"] == "APPROVED"
    given = customer.stack.query("SELECT locator FROM locators WHERE order_id = %s", order["orderId"])
    assert given == [{"locator": customer.api.order(order)["locator"]}]


def pay_together(customer):
    """Several payments are approved at once, and settled in one transaction by whichever sweeper has them."""
    orders = [customer.hold(f"{letter}{row}") for row in (1, 2) for letter in "ABC"]
    sweepers = customer.stack.pids("sweeper")
    try:
        with answered_together(customer.stack, lambda: sweepers, orders):
            for order in orders:
                customer.pay(order, "99999")
    finally:
        stop(sweepers, signal.SIGCONT)
    for order in orders:
        customer.outcome(order, "CONFIRMED")
    for order in orders:
        assert customer.stack.charge(order)["status"] == "APPROVED"
        assert [e["type"] for e in customer.api.events(order)].count("ORDER_CONFIRMED") == 1


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
    """Each message once or more, and in order; one that is too old, never."""
    order = customer.hold("A1")
    customer.pay(order, "99999")
    customer.outcome(order, "CONFIRMED")
    customer.stack.query("INSERT INTO messages (public_id, order_id, type, body, status, created_at, updated_at) VALUES (UUID(), %s,"
                         " 'order.changed', '{}', 'PENDING', UTC_TIMESTAMP(3) - INTERVAL 2 DAY, UTC_TIMESTAMP(3))", order["orderId"])
    customer.insist("POST", f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 500, "reason": "a test"}).ok(202)
    customer.outcome(order, "CONFIRMED")
    types = [call["json"]["type"] for call in list(customer.stack.receiver.calls)
             if call["json"].get("data", {}).get("orderId") == order["orderId"]]
    assert sorted(types) == types and set(types) == {"order.confirmed", "order.refunded"}


def is_refused_once(customer):
    """The receiver's first answer is an error, so that is settled by itself, and the order is told of again."""
    receiver, order = customer.stack.receiver, customer.hold("A1")
    refused = []

    def answer(path, body):
        if body.get("data", {}).get("orderId") == order["orderId"] and not refused:
            refused.append(body["type"])
            return 503, b""
        return 200, b""
    receiver.answer = answer
    try:
        customer.pay(order, "99999")
        customer.outcome(order, "CONFIRMED")
    finally:
        receiver.answer = lambda path, body: (200, b"")
    assert refused == ["order.confirmed"]
    assert customer.stack.query("SELECT status FROM messages WHERE order_id = %s", order["orderId"]) == [{"status": "SENT"}]


def are_told_together(customer):
    """What was delivered is settled in one transaction, and if that is lost, told again."""
    stack, receiver, answer = customer.stack, customer.stack.receiver, threading.Event()
    orders = [customer.hold(f"{column}{row}") for column in "ABC" for row in (1, 2, 3)]

    def types(order):
        return [call["json"]["type"] for call in list(receiver.calls) if call["json"].get("data", {}).get("orderId") == order["orderId"]]
    stack.query("UPDATE job_kinds SET paused_at = UTC_TIMESTAMP(3) WHERE kind = 'SEND_MESSAGE'")
    for order in orders:
        customer.cancel(order)
    receiver.answer = lambda path, body: (200 if answer.wait(0.8) else 500, b"")
    stack.query("UPDATE job_kinds SET paused_at = NULL WHERE kind = 'SEND_MESSAGE'")
    wait_for(lambda: all(types(order) for order in orders), 10, "all to be on their way")
    answer.set()
    for order in orders:
        customer.outcome(order, "CANCELLED")
        assert set(types(order)) == {"order.cancelled"}
        assert [row["outcome"] for row in stack.query("SELECT outcome FROM workflow_events WHERE order_id = %s AND type = 'MESSAGE_ATTEMPT'",
                                                      order["orderId"])].count("SENT") == 1


def is_written_to(customer):
    """Each mail once or more, in order, and repetitions under the same id; one that was refused, when the operator wants it."""
    office, order = customer.stack.office, customer.hold("A1")
    add_person(customer.stack, order, "Lovelace", f"{order['orderId']}@example.org", kind="CONTACT")
    office.answer = lambda command, argument, office: "550 no" if command == "RCPT" and order["orderId"] in argument else ...
    customer.pay(order, "99999")
    failed = "SELECT job_id FROM workflow_jobs WHERE order_id = %s AND kind = 'SEND_MAIL' AND status = 'FAILED'"

    def has_failed():
        customer.hurry(order)
        return customer.stack.query(failed, order["orderId"])
    (job,) = wait_for(has_failed, 30, "the refused mail's job")
    office.answer = lambda command, argument, office: ...
    customer.insist("POST", f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 500, "reason": "a test"}).ok(202)
    customer.insist("POST", f"/api/admin/jobs/{job['job_id']}/retry", {"reason": "a test"}).ok()
    customer.outcome(order, "CONFIRMED")
    mails = office.about(order)
    assert {"Money back" in str(mail.message["Subject"]) for mail in mails} == {True, False}
    assert len({mail.message["Message-ID"] for mail in mails}) == 2


def is_declined(customer):
    order = customer.hold("A1")
    customer.pay(order, "20202")  # pending first, which is time enough to end the hold it would go back to
    customer.stack.query("UPDATE orders SET hold_ends_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
    customer.outcome(order, "FAILED")
    assert customer.api.order(order)["lastError"] == "Payment declined: insufficient funds"
    assert customer.api.seats(customer.flight)["A1"] == "AVAILABLE"


def is_declined_and_pays_again(customer):
    """KEEP_HOLD_AFTER_DECLINE is on here."""
    order = customer.hold("A1")
    customer.pay(order, "00000")
    held_again(customer, order)
    customer.pay(order, "99999")
    customer.outcome(order, "CONFIRMED")
    states = [row["status"] for row in customer.stack.query("SELECT status FROM payments WHERE order_id = %s ORDER BY status",
                                                            order["orderId"])]
    assert states == ["APPROVED", "DECLINED"]
    assert [e["type"] for e in customer.api.events(order)].count("PAYMENT_DECLINED") == 1


def held_again(customer, order):
    def is_held():
        customer.hurry(order)
        kinds = [job["kind"] for job in customer.stack.everything(order)["jobs"]]
        return customer.stack.row(order)["status"] == "SEATS_RESERVED" and kinds == ["EXPIRE_HOLD"]
    wait_for(is_held, 30, f"{order['orderId']} to be held again")


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
    held, paid, paying = customer.hold("A1"), customer.hold("A2"), customer.hold("A3")
    customer.pay(paid, "99999")
    customer.outcome(paid, "CONFIRMED")
    customer.pay(paying, "50400")
    customer.insist("POST", "/api/admin/reset", {"flightId": customer.flight})
    for order in (held, paying):
        customer.outcome(order, "CANCELLED")
    customer.outcome(paid, "CONFIRMED")
    assert set(customer.api.seats(customer.flight).values()) == {"AVAILABLE"}


def sold_on(customer, rule, *seats):
    customer.stack.query("UPDATE flights SET refund_rule = %s WHERE flight_id = %s", rule, customer.flight)
    order = customer.hold(*seats)
    customer.pay(order, "99999")
    customer.outcome(order, "CONFIRMED")
    return order


def by_staff(customer, order, verb, **body):
    return customer.insist("POST", f"/api/admin/orders/{order['orderId']}/{verb}", {"reason": "a test", **body}).ok()


def refunded_once(customer, order, cents, status):
    customer.outcome(order, status)
    refunds = customer.api.get(f"/api/orders/{order['orderId']}/refunds").ok()["refunds"]
    assert [(each["amountCents"], each["status"]) for each in refunds] == [(cents, "REFUNDED")]
    assert customer.stack.charge(order)["status"] == "APPROVED"


def gives_up_a_seat(customer):
    order = sold_on(customer, "0:2000:0", "A1", "B1")
    assert by_staff(customer, order, "cancel", seats=["A1"], expectedRefundCents=10320)["seats"] == ["B1"]
    refunded_once(customer, order, 10320, "CONFIRMED")
    row = customer.stack.row(order)
    assert (row["fee_cents"], row["total_price_cents"], row["seats"]) == (2580, 12900, "B1")
    assert {seat: status for seat, status in customer.api.seats(customer.flight).items() if status != "AVAILABLE"} == {"B1": "BOOKED"}
    assert [e["type"] for e in customer.api.events(order)].count("SEATS_CHANGED") == 1


def gives_all_up(customer):
    order = sold_on(customer, "0:2000:0", "A1", "B1")
    by_staff(customer, order, "cancel", expectedRefundCents=20640)
    refunded_once(customer, order, 20640, "CANCELLED")
    assert customer.stack.row(order)["fee_cents"] == 5160 and set(customer.api.seats(customer.flight).values()) == {"AVAILABLE"}
    assert [e["type"] for e in customer.api.events(order)].count("ORDER_CANCELLED") == 1


def gets_cheaper_seats(customer):
    order = sold_on(customer, "0:0:0", "A1", "B1")
    customer.stack.query("UPDATE flights SET price_cents = 12000 WHERE flight_id = %s", customer.flight)
    assert by_staff(customer, order, "seats", seats=["A2", "B1"])["seatPrices"] == [12000, 12900]
    refunded_once(customer, order, 900, "CONFIRMED")
    taken = {seat: status for seat, status in customer.api.seats(customer.flight).items() if status != "AVAILABLE"}
    assert taken == {"A2": "BOOKED", "B1": "BOOKED"}
    assert [e["type"] for e in customer.api.events(order)].count("SEATS_CHANGED") == 1


def is_held_longer(customer):
    order = customer.hold("A1")
    until = by_staff(customer, order, "extend", until="2199-01-01T00:00:00Z")["expiresAt"]
    assert until == order["flight"]["departureTime"]
    job, = customer.stack.everything(order)["jobs"]
    assert job["run_at"] == customer.stack.row(order)["expires_at"]
    assert [e["type"] for e in customer.api.events(order)].count("HOLD_EXTENDED") == 1


def is_told_again(customer):
    order = sold_on(customer, "", "A1")
    by_staff(customer, order, "resend")
    customer.outcome(order, "CONFIRMED")
    assert [row["type"] for row in customer.stack.query("SELECT type FROM messages WHERE order_id = %s", order["orderId"])] == ["order.confirmed"] * 2


def flight_is_cancelled(customer):
    """Each order ends once, with one refund of all that was captured."""
    held, paid, other = customer.hold("A1"), customer.hold("A2"), customer.hold("A3")
    for order in (paid, other):
        customer.pay(order, "99999")
        customer.outcome(order, "CONFIRMED")
    customer.insist("POST", f"/api/admin/flights/{customer.flight}/cancel", {"reason": "a test"}).ok(202)
    for order in (held, paid, other):
        customer.outcome(order, "CANCELLED")
        assert [e["type"] for e in customer.api.events(order)].count("ORDER_CANCELLED") == 1

    def is_over():
        customer.hurry(held)
        return not customer.stack.query("SELECT 1 FROM workflow_jobs WHERE flight_id = %s", customer.flight)
    wait_for(is_over, 30, "the walk to end")
    for order in (paid, other):
        refunds = customer.api.get(f"/api/orders/{order['orderId']}/refunds").ok()["refunds"]
        assert [(each["amountCents"], each["status"]) for each in refunds] == [(order["totalPriceCents"], "REFUNDED")]
    assert set(customer.api.seats(customer.flight).values()) == {"AVAILABLE"}


def plan_of(customer, days, **other):
    """A flight of the customer's own, as an operator sends it."""
    for code in ("QCA", "QCB"):
        assert customer.api.put(f"/api/admin/places/{code}", {"name": code, "city": code, "timeZone": "Europe/Berlin"}).status in (200, 201)
    cabin = {"name": "Small", "numbering": "row-column", "sections": [{"class": "economy", "rows": "1-2", "columns": "AB"}]}
    assert customer.api.put("/api/admin/cabins/crash", cabin).status in (200, 201)
    departure = datetime.date.today() + datetime.timedelta(days)
    return {"flightNumber": "CR 1", "cabin": "crash", "origin": "QCA", "destination": "QCB", "departure": f"{departure}T07:30",
            "fares": {"economy": 10000}, "currency": "EUR", **other}


def own_flight(customer, plan):
    customer.flight = f"crash-{uuid.uuid4().hex[:12]}"
    made = customer.insist("PUT", f"/api/admin/flights/{customer.flight}", plan).ok(201)
    assert made["version"] == 1 and len(customer.api.seats(customer.flight)) == 4
    return made


def actions(customer):
    return [row["action"] for row in customer.stack.query("SELECT action FROM audit_log WHERE object_id = %s ORDER BY audit_id",
                                                          customer.flight)]


def flight_is_made_and_changed(customer):
    """Each order is told once; the holds' timers move with the departure."""
    own_flight(customer, plan_of(customer, 40))
    orders = [customer.hold(seat) for seat in ("1A", "1B", "2A")]
    changed = customer.insist("PUT", f"/api/admin/flights/{customer.flight}", plan_of(customer, 20)).ok()
    assert changed["version"] == 2 and changed["did"]["ordersTold"] == 3 and actions(customer) == ["PUT_FLIGHT"] * 2

    def is_over():
        customer.hurry(orders[0])
        return not customer.stack.query("SELECT 1 FROM workflow_jobs WHERE kind = 'TELL_FLIGHT' AND flight_id = %s", customer.flight)
    wait_for(is_over, 30, "everybody to be told")
    for order in orders:
        assert [e["detail"] for e in customer.api.events(order) if e["type"] == "FLIGHT_CHANGED"] == [changed["departureTime"]]
        assert len(customer.stack.query("SELECT 1 FROM messages WHERE order_id = %s", order["orderId"])) == 1


def place_and_cabin_come_and_go(customer):
    code = f"{uuid.uuid4().hex[:3]}".upper()
    cabin = {"name": "Small", "numbering": "row-column", "sections": [{"class": "economy", "rows": "1-2", "columns": "AB"}]}
    for path, body, kind in ((f"places/{code}", {"name": code, "city": code, "timeZone": "Europe/Berlin"}, "PLACE"),
                             (f"cabins/crash-{uuid.uuid4().hex[:8]}", cabin, "CABIN")):
        assert customer.insist("PUT", f"/api/admin/{path}", body).json["version"] == 1
        customer.insist("DELETE", f"/api/admin/{path}")
        logged = customer.stack.query("SELECT action FROM audit_log WHERE object_id = %s ORDER BY audit_id DESC LIMIT 2",
                                      path.split("/")[1])
        assert [row["action"] for row in logged] == [f"REMOVE_{kind}", f"PUT_{kind}"]


def sale_is_closed(customer):
    own_flight(customer, plan_of(customer, 40))
    closed = customer.insist("POST", f"/api/admin/flights/{customer.flight}/close", {"reason": "a test"}).ok()
    assert (closed["status"], closed["version"]) == ("CLOSED", 2) and actions(customer) == ["PUT_FLIGHT", "CLOSE_FLIGHT"]


def flight_is_removed(customer):
    own_flight(customer, plan_of(customer, 40))
    customer.insist("DELETE", f"/api/admin/flights/{customer.flight}").ok()
    assert not customer.stack.query("SELECT 1 FROM flights WHERE flight_id = %s", customer.flight)
    assert actions(customer) == ["PUT_FLIGHT", "REMOVE_FLIGHT"]


def flights_are_counted(customer):
    """Another sweeper goes on with the counts for the lists of flights, and they are right in the end."""
    customer.hold("A1", "B1")
    free = "SELECT SUM(free) AS n FROM flight_counts WHERE flight_id = %s AND cabin_class <> ''"
    wait_for(lambda: customer.stack.query(free, customer.flight)[0]["n"] == 28, 20, "two of thirty seats to be taken")


def old_flights_get_cabins(customer):
    """An upgrade that was killed goes on when migrate runs again."""
    stack, order = customer.stack, customer.hold("A1")
    password = json.loads((stack.data_dir / "credentials").read_text())["booking_owner"]
    dsn = f"booking_owner:{password}@unix({stack.data_dir}/run/mysql.sock)/flight_booking"
    environment = {**os.environ, "MIGRATION_DSN": dsn, "CRASH_POINTS": str(stack.points)}
    runs = [subprocess.run([CRASH_BUILD / "migrate", ROOT / "sql"], env=environment, timeout=60, capture_output=True) for _ in range(2)]
    assert [run.returncode for run in runs] == [-signal.SIGKILL, 0], runs
    assert stack.query("SELECT 1 FROM flights WHERE flight_id = %s AND cabin_id IS NOT NULL", customer.flight)
    assert not stack.query("SELECT 1 FROM seats WHERE flight_id = %s AND (features IS NULL OR cabin_class IS NULL)", customer.flight)
    assert customer.api.order(order)["seats"] == ["A1"] and customer.api.seats(customer.flight)["A1"] == "RESERVED"


def seats_are_blocked(customer):
    path = f"/api/admin/flights/{customer.flight}"
    assert customer.insist("POST", f"{path}/blocks", {"seats": ["A1", "A2"], "reason": "a test"}).ok()["blocked"] is True
    assert customer.api.seats(customer.flight)["A1"] == "BLOCKED"
    customer.insist("POST", f"{path}/unblocks", {"seats": ["A1"]}).ok()
    assert customer.api.seats(customer.flight)["A1"] == "AVAILABLE"
    logged = customer.stack.query("SELECT action FROM audit_log WHERE object_id = %s ORDER BY audit_id", customer.flight)
    assert logged == [{"action": "BLOCK_SEATS"}, {"action": "UNBLOCK_SEATS"}]


def boards(customer):
    order = customer.hold("A1")
    customer.pay(order, "99999")
    customer.outcome(order, "CONFIRMED")
    locator = customer.api.order(order)["locator"]
    customer.insist("POST", f"/api/admin/flights/{customer.flight}/board", {"locator": locator}).ok()
    assert [e["type"] for e in customer.api.events(order)].count("PASSENGER_BOARDED") == 1
    assert len(customer.stack.query("SELECT 1 FROM boardings WHERE order_id = %s", order["orderId"])) == 1


def cabin_is_swapped(customer):
    """All move once, or nobody has; and what is given back is asked for once."""
    stack, flight = customer.stack, customer.flight
    stack.query("UPDATE flights SET surcharges = 'exit=1500' WHERE flight_id = %s", flight)
    stack.query("UPDATE seats SET cabin_class = 'economy', features = IF(seat_number = 'A10', 'exit', '') WHERE flight_id = %s", flight)
    stack.query("INSERT INTO cabins (cabin_id, version, name, plan, seat_count, created_at) VALUES (%s, 1, 'a test', %s, 12, UTC_TIMESTAMP(3))",
                flight, '{"numbering": "column-row", "sections": [{"class": "economy", "rows": "1-4", "columns": "A BC"}]}')
    held, paid = customer.hold("A9"), customer.hold("A10")
    customer.pay(paid, "99999")
    customer.outcome(paid, "CONFIRMED")
    customer.insist("POST", f"/api/admin/flights/{flight}/cabin", {"cabin": flight, "reason": "a test"}).ok()
    seats = {}
    for order, price in ((held, 12900), (paid, 12900)):
        now = customer.api.order(order)
        assert now["totalPriceCents"] == price and len(now["seats"]) == 1
        assert [e["type"] for e in customer.api.events(order)].count("SEATS_CHANGED") == 1
        seats[now["seats"][0]] = order["orderId"]
    assert {row["seat_number"]: row["reserved_by"] for row in stack.query(
        "SELECT seat_number, reserved_by FROM seats WHERE flight_id = %s AND reserved_by IS NOT NULL", flight)} == seats
    assert len(customer.api.seats(flight)) == 12 and len(seats) == 2
    assert [row["amount_cents"] for row in stack.query("SELECT amount_cents FROM refunds WHERE order_id = %s", paid["orderId"])] == [1500]


def flights_are_imported(customer):
    """A new flight and a changed one, each once, though the check has to be made again."""
    stack = customer.stack
    own, plan = stack.new_own_flight()
    new = f"new-{uuid.uuid4().hex[:12]}"
    seats = stack.query("SELECT seat_number FROM seats WHERE flight_id = %s", own)
    file = "".join(json.dumps({**plan, **more}) + "\n" for more in ({"id": own, "taxPercent": 7}, {"id": new}))
    pause = "UPDATE job_kinds SET paused_at = {} WHERE kind = 'IMPORT_FLIGHTS'"
    stack.query(pause.format("UTC_TIMESTAMP(3)"))
    sent = customer.insist("POST", "/api/admin/flights/import", body=file.encode(), media="application/x-ndjson").ok(202)["importId"]
    stack.query("UPDATE import_rows SET action = 'CHANGE', version = 9, status = 'ON_SALE' WHERE import_id = %s AND flight_id = %s", sent, own)
    stack.query("UPDATE imports SET status = 'STAGING', has_drafts = 1 WHERE import_id = %s", sent)
    stack.query(pause.format("NULL"))

    def is_over():
        customer.hurry({"orderId": ""})
        return not stack.query("SELECT 1 FROM workflow_jobs WHERE kind = 'IMPORT_FLIGHTS'")
    wait_for(is_over, 40, "the import to end")
    assert "PUBLISHED" in [row["status"] for row in stack.query("SELECT status FROM imports")]
    flights = stack.query("SELECT flight_id, status, version, tax_basis_points FROM flights WHERE flight_id IN (%s, %s) ORDER BY version", own, new)
    assert [(row["flight_id"], row["status"], row["version"]) for row in flights] == [(new, "ON_SALE", 1), (own, "ON_SALE", 2)]
    assert flights[1]["tax_basis_points"] == 700
    assert stack.query("SELECT seat_number FROM seats WHERE flight_id = %s", new) == seats
    assert not stack.query("SELECT 1 FROM flights WHERE status = 'DRAFT'") and not stack.query("SELECT 1 FROM import_rows WHERE import_id = %s", sent)


def is_retried(customer):
    order = customer.hold("A1")
    job = customer.stack.everything(order)["jobs"][0]["job_id"]
    customer.insist("POST", f"/api/admin/jobs/{job}/retry")
    wait_for(lambda: customer.stack.everything(order)["jobs"][0]["status"] == "PENDING", 15)
    assert customer.api.order(order)["status"] == "SEATS_RESERVED", "its time has not come"


def is_released(customer):
    """The end of the lease, the order's history and the audit log are all there, or none is. A repetition finds no lease."""
    stack, order = customer.stack, customer.hold("A1")
    job = stack.everything(order)["jobs"][0]["job_id"]
    stack.query("UPDATE workflow_jobs SET status = 'RUNNING', attempts = 1, locked_by = 'a/1/test',"
                " run_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE job_id = %s", job)

    def traces():
        leased = stack.query("SELECT 1 FROM workflow_jobs WHERE job_id = %s AND status = 'RUNNING' AND locked_by = 'a/1/test'", job)
        logged = stack.query("SELECT 1 FROM audit_log WHERE action = 'RELEASE_JOB' AND object_id = %s", job)
        return len(leased), [e["type"] for e in stack.everything(order)["events"]].count("JOB_RELEASED"), len(logged)

    def asked():
        answer = customer.api.post(f"/api/admin/jobs/{job}/release")
        assert traces() in ((1, 0, 0), (0, 1, 1)), "all of it, or nothing"
        return answer if answer.status < 500 else None
    answer = wait_for(asked, 20, "an answer")
    assert answer.status == 200 or answer.refused(409, "JOB_NOT_RUNNING")
    assert traces() == (0, 1, 1)


def is_set_aside(customer):
    """A failure is counted once, with the end of its lease, or not at all; then the job is claimed again."""
    stack, order = customer.stack, customer.hold("A1")
    stack.query("UPDATE orders SET seats = '???', expires_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
    stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])

    def aside():
        customer.hurry(order)
        (job,) = stack.everything(order)["jobs"]
        return job if job["status"] == "PENDING" and job["failures"] else None
    try:
        job = wait_for(aside, 20, "the job to be set aside")
        assert (job["failures"], job["locked_by"], job["last_error"]) == (1, None, "A row of the order cannot be read or written")
    finally:
        stack.query("UPDATE orders SET seats = 'A1' WHERE order_id = %s", order["orderId"])
    customer.outcome(order, "EXPIRED")


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


def day_is_reconciled(customer):
    """A page of the list is read twice at most, and the report is made once."""
    order = customer.hold("A1")
    customer.pay(order, "99999")
    customer.outcome(order, "CONFIRMED")
    day = str(customer.stack.query("SELECT UTC_DATE() AS day")[0]["day"])
    customer.insist("POST", "/api/admin/reconciliation", {"date": day}).ok(202)

    def made():
        alive = {str(pid) for pid in customer.stack.pids("sweeper")}
        for job in customer.stack.query("SELECT job_id, locked_by FROM workflow_jobs WHERE kind = 'RECONCILE' AND status = 'RUNNING'"):
            if job["locked_by"].split("/")[1] not in alive:
                nudge(customer.stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE job_id = %s", job["job_id"])
        return customer.stack.query("SELECT charges FROM reconciliations WHERE day = %s AND status <> 'PENDING'", day)
    assert wait_for(made, 20, "the report")[0]["charges"] > 0
    assert not customer.stack.query("SELECT 1 FROM reconciliation_charges")
    assert not customer.stack.query("SELECT 1 FROM workflow_jobs WHERE kind = 'RECONCILE'")


POINTS = [
    (holds, "request.key-claimed", "hold.inserted", "hold.commit", "hold.committed", "hold.answer"),
    (holds_for_persons, "hold.named", "hold.commit", "hold.committed", "hold.answer"),
    (names_persons, "passengers.named", "passengers.commit", "passengers.committed", "passengers.answer"),
    (changes, "change.released", "change.commit", "change.committed", "change.answer"),
    (cancels, "cancel.released", "cancel.commit", "cancel.committed", "cancel.answer"),
    (pays, "pay.inserted", "pay.commit", "pay.committed", "pay.answer",
     "PAYMENT_ATTEMPT.leased", "PAYMENT_ATTEMPT.announced", "PAYMENT_ATTEMPT.commit", "PAYMENT_ATTEMPT.committed",
     "PAYMENT_ATTEMPT.calling", "charge.captured", "charge.answer", "payment.answered",
     "settle-batch.located", "settle-batch.booked", "settle-batch.commit", "settle-batch.committed",
     "SEND_CONFIRMATION.commit", "SEND_CONFIRMATION.committed", "SEND_CONFIRMATION.claimed",
     "confirmation.answered", "settle-confirmation.commit", "settle-confirmation.committed"),
    (is_paid_later, "payment.answered", "settle-attempt.located", "settle-attempt.booked", "settle-attempt.commit",
     "settle-attempt.committed"),
    (pay_together, "settle-batch.located", "settle-batch.booked", "settle-batch.commit", "settle-batch.committed"),
    (is_refunded, "refund.inserted", "refund.commit", "refund.committed", "refund.answer",
     "REFUND_CHARGE.commit", "REFUND_CHARGE.committed", "REFUND_CHARGE.claimed", "begin-refund.commit", "begin-refund.committed",
     "give-back.refunded", "give-back.commit", "give-back.committed", "give-back.answer", "refund.answered",
     "settle-refund.commit", "settle-refund.committed"),
    (gives_up_a_seat, "cancel-sold.given-up", "cancel-sold.inserted", "cancel-sold.commit", "cancel-sold.committed", "cancel-sold.answer"),
    (gives_all_up, "cancel-sold.released", "cancel-sold.inserted", "cancel-sold.commit", "cancel-sold.committed", "cancel-sold.answer"),
    (gets_cheaper_seats, "change-sold.released", "change-sold.inserted", "change-sold.commit", "change-sold.committed", "change-sold.answer"),
    (is_held_longer, "extend.commit", "extend.committed", "extend.answer"),
    (is_told_again, "resend.commit", "resend.committed", "resend.answer"),
    (is_told, "SEND_MESSAGE.commit", "SEND_MESSAGE.committed", "SEND_MESSAGE.claimed", "begin-message.commit",
     "begin-message.committed", "message.answered", "settle-messages.commit", "settle-messages.committed"),
    (is_refused_once, "settle-message.commit", "settle-message.committed"),
    (are_told_together, "settle-messages.commit", "settle-messages.committed"),
    (is_written_to, "SEND_MAIL.commit", "SEND_MAIL.committed", "SEND_MAIL.claimed", "begin-mail.commit", "begin-mail.committed",
     "mail.answered", "settle-mail.commit", "settle-mail.committed"),
    (is_declined, "settle-attempt.commit", "settle-attempt.committed"),
    (is_declined_and_pays_again, "payment.answered", "settle-attempt.returned", "settle-attempt.commit",
     "settle-attempt.committed", "pay.inserted", "pay.commit", "pay.committed"),
    (fails, "PAYMENT_ATTEMPT.claimed", "begin-attempt.commit", "begin-attempt.committed", "begin-attempt.calling", "payment.answered", "settle-attempt.commit", "settle-attempt.committed",
     "VOID_CHARGE.commit", "VOID_CHARGE.committed", "VOID_CHARGE.claimed", "void.voided", "void.commit", "void.committed", "void.answer", "void.answered",
     "settle-void.commit", "settle-void.committed"),
    (expires, "EXPIRE_HOLD.commit", "EXPIRE_HOLD.committed", "EXPIRE_HOLD.claimed", "expire.ended", "expire.commit", "expire.committed"),
    (takes_over, "expire.ended", "expire.commit", "expire.committed"),
    (is_reset, "reset-holds.released", "reset-holds.commit", "reset-holds.committed", "reset.released", "reset.commit", "reset.committed",
     "reset.answer"),
    (is_forgotten, "forget.wiped", "forget.commit", "forget.committed", "forget.answer"),
    (is_forgotten_after_departure, "forget.wiped", "forget.commit", "forget.committed"),
    (flight_is_cancelled, "cancel-flight.off-sale", "cancel-flight.commit", "cancel-flight.committed", "cancel-flight.answer",
     "CANCEL_FLIGHT.commit", "CANCEL_FLIGHT.committed", "CANCEL_FLIGHT.claimed", "end-cancelled.released",
     "end-cancelled.inserted", "end-cancelled.commit", "end-cancelled.committed", "pause-walk.commit", "pause-walk.committed",
     "end-walk.commit", "end-walk.committed"),
    (cabin_is_swapped, "swap.orders-locked", "swap.inserted", "swap.order", "swap.released", "swap.rebuilt", "swap.commit",
     "swap.committed", "swap.answer"),
    (flight_is_made_and_changed, "put-flight.inserted", "put-flight.changed", "put-flight.commit", "put-flight.committed",
     "put-flight.answer", "TELL_FLIGHT.commit", "TELL_FLIGHT.committed", "TELL_FLIGHT.claimed", "tell-flight.written",
     "tell-flight.commit", "tell-flight.committed"),
    (place_and_cabin_come_and_go, "put-place.commit", "put-place.committed", "put-place.answer", "delete-place.commit",
     "delete-place.committed", "delete-place.answer", "put-cabin.commit", "put-cabin.committed", "put-cabin.answer",
     "delete-cabin.commit", "delete-cabin.committed", "delete-cabin.answer"),
    (sale_is_closed, "move-flight.commit", "move-flight.committed", "move-flight.answer"),
    (flight_is_removed, "delete-flight.commit", "delete-flight.committed", "delete-flight.answer"),
    (flights_are_counted, "count-flights.commit", "count-flights.committed"),
    (old_flights_get_cabins, "give-cabin.commit", "give-cabin.committed"),
    (seats_are_blocked, "block.commit", "block.committed", "block.answer"),
    (boards, "board.commit", "board.committed", "board.answer"),
    (flights_are_imported, "import-begin.commit", "import-begin.committed", "import-rows.commit", "import-rows.committed",
     "import-submit.commit", "import-submit.committed", "import-submit.answer", "IMPORT_FLIGHTS.commit", "IMPORT_FLIGHTS.committed", "IMPORT_FLIGHTS.claimed",
     "import-restart.commit", "import-restart.committed", "import-step.published", "import-step.commit", "import-step.committed"),
    (day_is_reconciled, "ask-reconciliation.commit", "ask-reconciliation.committed", "ask-reconciliation.answer",
     "RECONCILE.commit", "RECONCILE.committed", "RECONCILE.claimed", "begin-reconciliation.commit",
     "begin-reconciliation.committed", "reconcile.answered", "settle-reconciliation.commit", "settle-reconciliation.committed"),
    (is_retried, "RETRY_JOB.commit", "RETRY_JOB.committed", "RETRY_JOB.answer"),
    (is_released, "RELEASE_JOB.commit", "RELEASE_JOB.committed", "RELEASE_JOB.answer"),
    (is_set_aside, "set-aside.commit", "set-aside.committed"),
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
    armed = stack.points / "PAYMENT_ATTEMPT.calling"
    armed.touch()
    customer.pay(order, "99999")
    wait_for(lambda: not armed.exists(), 5, "the sweeper to be killed")
    killed = time.monotonic()
    stack.wait_status(order, "CONFIRMED", deadline=10)
    assert 4.5 < time.monotonic() - killed < 7.5
    assert [(e["attempt"], e["outcome"]) for e in customer.api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == [
        (1, "ABANDONED"), (2, "APPROVED")]


def killed_again_and_again(customer, order, *points, code="99999", claims=0):
    """Kills attempts in a row, each at its point, which is armed before the next attempt may start. There were claims before."""
    for n, point in enumerate(points):
        armed = customer.stack.points / point
        armed.touch()
        if n == 0:
            customer.pay(order, code)
        wait_for(lambda: not armed.exists() or customer.hurry(order, attempts=claims + n), 20, "the sweeper to be killed")


@pytest.mark.parametrize("points", [("PAYMENT_ATTEMPT.calling", "PAYMENT_ATTEMPT.claimed"), ("PAYMENT_ATTEMPT.calling", "begin-attempt.calling"),
                                    ("payment.answered", "payment.answered")], ids="-".join)
def test_each_of_several_attempts_killed_in_a_row_is_told(stack, customer, points):
    order = customer.hold("A1")
    killed_again_and_again(customer, order, *points)
    customer.outcome(order, "CONFIRMED")
    # A claim that was never announced does not count as an attempt, because the gateway was not asked.
    told = 1 if "PAYMENT_ATTEMPT.claimed" in points else 2
    assert [(e["attempt"], e["outcome"]) for e in customer.api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == [
        *[(n, "ABANDONED") for n in range(1, told + 1)], (told + 1, "APPROVED")]
    audit.audit(stack, deadline=5)


def test_claims_cost_the_customer_no_attempt(stack, customer):
    """After an attempt, one sweeper more than there may be attempts is killed, each before it asked the gateway again."""
    order = customer.hold("A1")
    killed_again_and_again(customer, order, *["PAYMENT_ATTEMPT.claimed"] * 4, code="50301", claims=1)
    customer.outcome(order, "CONFIRMED")
    assert customer.api.order(order)["paymentAttempts"] == 2
    audit.audit(stack, deadline=5)


def test_all_attempts_killed(stack, customer):
    """There is no fourth attempt, and a charge that may have been captured is voided."""
    order = customer.hold("A1")
    killed_again_and_again(customer, order, *["payment.answered"] * 3)
    customer.outcome(order, "FAILED")
    failed = customer.api.order(order)
    assert failed["paymentAttempts"] == 3 and "after 3 attempts" in failed["message"]
    assert [(e["attempt"], e["outcome"]) for e in customer.api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == [
        (1, "ABANDONED"), (2, "ABANDONED"), (3, "ABANDONED")]
    assert stack.query("SELECT voided_at IS NOT NULL AS voided FROM payments WHERE order_id = %s", order["orderId"]) == [{"voided": 1}]
    audit.audit(stack, deadline=5)
