# SPDX-License-Identifier: MIT
"""POST /api/admin/flights/{id}/cancel: the flight is off sale at once, and then each of its orders ends."""

import threading
import time
import uuid

import pytest

from outside import Outside
from stack import wait_for

REASON = {"reason": "The aircraft is out of service."}


@pytest.fixture(scope="module")
def receiver():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(receiver, own_stack):
    stack = own_stack(WEBHOOK_URL=receiver.url, WEBHOOK_SECRET="a-secret-of-the-tests", PAYMENT_TIMEOUT="1s", ALLOW_RESET="yes")
    stack.receiver = receiver
    return stack


def cancel(stack, flight, body=None, query="", **kw):
    return stack.admin().post(f"/api/admin/flights/{flight}/cancel{query}", body or REASON, **kw)


def paid(stack, flight, *seats):
    order = stack.api().hold(flight, *seats)
    stack.api().pay(order).ok()
    return stack.wait_status(order, "CONFIRMED")


def over(stack, flight):
    """Waits until the walk has ended."""
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE flight_id = %s", flight), 10, "the walk to end")


def refunds(stack, order):
    return [(each["amountCents"], each["status"]) for each in
            stack.admin().get(f"/api/orders/{order['orderId']}/refunds").ok()["refunds"]]


def told(stack, order):
    wait_for(lambda: not stack.has_job(order, "SEND_MESSAGE"), 10)
    return [call["json"]["type"] for call in list(stack.receiver.calls)
            if call["json"].get("data", {}).get("orderId") == order["orderId"]]


def test_each_order_ends_as_its_state_asks_for(stack, flight):
    api = stack.api()
    held, sold, part = api.hold(flight, "A1"), paid(stack, flight, "A2", "B2"), paid(stack, flight, "A3")
    stack.admin().post(f"/api/admin/orders/{part['orderId']}/refunds", {"amountCents": 900, "reason": "a test"}).ok(202)
    waiting = api.hold(flight, "A4")
    api.pay(waiting, "20201").ok()    # the gateway decides for ever
    wait_for(lambda: api.order(waiting)["paymentAttempts"] == 1, 5)
    foreseen = cancel(stack, flight, query="?dryRun=true").ok(200)
    assert (foreseen["holds"], foreseen["payments"], foreseen["confirmed"], foreseen["orders"]) == (1, 1, 2, 4)
    assert foreseen["refundCents"] == sold["totalPriceCents"] + part["totalPriceCents"] - 900
    assert foreseen["refunds"] == [{"amountCents": foreseen["refundCents"], "currency": foreseen["currency"]}]
    assert foreseen["status"] == "ON_SALE" and foreseen["dryRun"] is True
    answer = cancel(stack, flight)
    assert answer.ok(202) == {**foreseen, "status": "CANCELLED", "version": 2, "dryRun": False} and answer.etag == '"2"'
    api.post(f"/api/flights/{flight}/orders", {"userId": "late", "seats": ["C9"]}).refused(409, "FLIGHT_CANCELLED")
    over(stack, flight)
    for order in (held, sold, part, waiting):
        assert api.order(order)["status"] == "CANCELLED"
    assert set(api.seats(flight).values()) == {"AVAILABLE"}
    wait_for(lambda: refunds(stack, sold) == [(sold["totalPriceCents"], "REFUNDED")], 10)
    wait_for(lambda: refunds(stack, part) == [(900, "REFUNDED"), (part["totalPriceCents"] - 900, "REFUNDED")], 10)
    wait_for(lambda: not stack.has_job(waiting, "VOID_CHARGE"), 10)
    assert "VOID_ATTEMPT" in [event["type"] for event in api.events(waiting)]
    assert stack.charge(sold)["status"] == "APPROVED", "what was captured is refunded, never voided"
    assert refunds(stack, held) == refunds(stack, waiting) == []
    for order in (held, waiting):
        assert told(stack, order) == ["flight.cancelled"]
    assert told(stack, sold)[:2] == ["order.confirmed", "flight.cancelled"]
    message = next(call["json"] for call in list(stack.receiver.calls) if call["json"]["type"] == "flight.cancelled"
                   and call["json"]["data"]["orderId"] == sold["orderId"])
    assert message["data"]["status"] == "CANCELLED"
    event = [each for each in stack.admin().events(sold) if each["type"] == "ORDER_CANCELLED"][0]
    assert (event["fromStatus"], event["detail"], event["by"]) == ("CONFIRMED", "the flight was cancelled", "system")


def test_the_audit_log_says_who_and_why_and_the_flight_keeps_it(stack, flight):
    cancel(stack, flight).ok(202)
    (row,) = stack.query("SELECT action, object_kind, was, became, reason FROM audit_log WHERE object_id = %s", flight)
    assert row == {"action": "CANCEL_FLIGHT", "object_kind": "FLIGHT", "was": '{"status":"ON_SALE","version":1}',
                   "became": '{"status":"CANCELLED","version":2}', "reason": REASON["reason"]}
    assert stack.query("SELECT status, cancel_reason FROM flights WHERE flight_id = %s", flight) == [
        {"status": "CANCELLED", "cancel_reason": REASON["reason"]}]
    assert [each["object"]["id"] for each in stack.admin().get("/api/admin/audit?action=CANCEL_FLIGHT&limit=1").ok()["entries"]] == [flight]


def test_twice_is_fine(stack, flight):
    order = paid(stack, flight, "A1")
    cancel(stack, flight).ok(202)
    over(stack, flight)
    again = cancel(stack, flight, {"reason": "another one"}).ok(202)
    assert (again["version"], again["orders"], again["refundCents"]) == (2, 0, 0)
    over(stack, flight)
    assert len(refunds(stack, order)) == 1
    assert stack.query("SELECT cancel_reason FROM flights WHERE flight_id = %s", flight) == [{"cancel_reason": REASON["reason"]}]


def test_a_flight_that_sql_has_cancelled_can_be_walked_over(stack, flight):
    order = paid(stack, flight, "A1")
    stack.query("UPDATE flights SET status = 'CANCELLED' WHERE flight_id = %s", flight)
    assert cancel(stack, flight).ok(202)["confirmed"] == 1
    stack.wait_status(order, "CANCELLED")
    over(stack, flight)


def test_a_key_repeats_the_answer(stack, flight):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = cancel(stack, flight, headers=key)
    again = cancel(stack, flight, headers=key)
    assert first.ok(202) == again.ok(202) and again.headers["Idempotency-Replayed"]
    over(stack, flight)


def test_the_flights_version_is_a_condition(stack, flight):
    cancel(stack, flight, headers={"If-Match": '"2"'}).refused(412, "PRECONDITION_FAILED")
    cancel(stack, flight, query="?dryRun=true", headers={"If-Match": '"2"'}).refused(412, "PRECONDITION_FAILED")
    cancel(stack, flight, headers={"If-Match": '"1"'}).ok(202)
    over(stack, flight)


def test_a_dry_run_changes_nothing(stack, flight):
    order = stack.api().hold(flight, "A1")
    for asked in ({"query": "?dryRun=true"}, {"body": {**REASON, "dryRun": True}}):
        cancel(stack, flight, **asked).ok(200)
    assert stack.api().order(order)["version"] == 1
    assert not stack.query("SELECT 1 FROM workflow_jobs WHERE flight_id = %s", flight)
    stack.admin().request("POST", f"/api/admin/flights/{flight}/cancel", form={"reason": "a test", "dryRun": "true"}).ok(200)
    for wrong in ("yes", 1, [], None and ""):
        if wrong is not None:
            cancel(stack, flight, {**REASON, "dryRun": wrong}).refused(400, "INVALID_REQUEST")
    cancel(stack, flight, query="?dryRun=maybe").refused(400, "INVALID_REQUEST")


def test_no_such_flight_and_no_reason(stack, flight):
    for flight_id in ("nowhere", "no%20where", stack.new_flight(status="DRAFT")):
        cancel(stack, flight_id).refused(404, "FLIGHT_NOT_FOUND")
    for body in ({}, {"reason": ""}, {"reason": 5}, {"reason": "x" * 256}):
        stack.admin().post(f"/api/admin/flights/{flight}/cancel", body).refused(400, "INVALID_REQUEST")


def test_a_hold_that_has_lapsed_has_expired(stack, flight):
    order = stack.api().hold(flight, "A1")
    stack.lapse(order)
    assert cancel(stack, flight).ok(202)["holds"] == 0
    over(stack, flight)
    assert stack.row(order)["status"] == "EXPIRED"


def test_what_was_free_of_charge_just_ends(stack):
    flight = stack.new_flight(price_cents=0)
    order = paid(stack, flight, "A1")
    assert cancel(stack, flight).ok(202)["refunds"] == []
    stack.wait_status(order, "CANCELLED")
    over(stack, flight)
    assert refunds(stack, order) == []


def test_an_order_whose_seats_were_freed_is_refunded_too(stack, flight):
    order = paid(stack, flight, "A1")
    stack.admin().post("/api/admin/reset", {"flightId": flight}).ok()
    assert stack.row(order)["status"] == "CONFIRMED"
    cancel(stack, flight).ok(202)
    stack.wait_status(order, "CANCELLED")
    over(stack, flight)
    wait_for(lambda: refunds(stack, order) == [(order["totalPriceCents"], "REFUNDED")], 10)


def test_who_was_on_board_is_not_any_more(stack, flight):
    order = paid(stack, flight, "A1")
    stack.query("INSERT INTO boardings VALUES (%s, 'A1', %s, NULL, UTC_TIMESTAMP(3))", order["orderId"], flight)
    cancel(stack, flight).ok(202)
    over(stack, flight)
    assert not stack.query("SELECT 1 FROM boardings WHERE order_id = %s", order["orderId"])


def test_a_broken_order_does_not_keep_the_others(stack, flight):
    """An operator sees the job, and retries it when the order is mended."""
    broken, other = sorted((paid(stack, flight, "A1"), paid(stack, flight, "A2")), key=lambda order: order["orderId"])
    stack.query("UPDATE orders SET currency = '' WHERE order_id = %s", broken["orderId"])
    stack.query("UPDATE orders SET status = 'PAYMENT_PENDING' WHERE order_id = %s", broken["orderId"])    # its payment is APPROVED
    cancel(stack, flight).ok(202)
    stack.wait_status(other, "CANCELLED")
    (job,) = wait_for(lambda: [job for job in stack.admin().get("/api/admin/jobs?kind=CANCEL_FLIGHT").ok()["jobs"]
                               if job["flightId"] == flight and job["lastError"]], 10)
    assert job["orderId"] is None and "cannot be ended" in job["lastError"]
    stack.query("UPDATE orders SET status = 'CONFIRMED', currency = 'USD' WHERE order_id = %s", broken["orderId"])
    retried = stack.admin().post(f"/api/admin/jobs/{job['id']}/retry")
    assert retried.status in (200, 404, 409)
    stack.wait_status(broken, "CANCELLED")
    over(stack, flight)


def test_customers_learn_of_it(stack, flight):
    order = stack.api().hold(flight, "A1")
    stack.query("UPDATE job_kinds SET paused_at = UTC_TIMESTAMP(3) WHERE kind = 'CANCEL_FLIGHT'")
    try:
        cancel(stack, flight).ok(202)
        stack.api().pay(order).refused(409, "FLIGHT_CANCELLED")
        stack.api().change(order, "A2").refused(409, "FLIGHT_CANCELLED")
    finally:
        stack.admin().post("/api/admin/kinds/CANCEL_FLIGHT/resume").ok()
    over(stack, flight)
    stack.api().pay(order).refused(409, "ORDER_CLOSED")


def sell_out(stack, flight, seats):
    """One order a seat, each of them paid."""
    orders = []

    def sell(mine):
        api = stack.api()
        for seat in mine:
            order = api.hold(flight, seat)
            api.pay(order).ok()
            orders.append(order)
    threads = [threading.Thread(target=sell, args=(seats[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: not stack.query("SELECT 1 FROM orders WHERE flight_id = %s AND status <> 'CONFIRMED' LIMIT 1", flight), 60)
    return orders


@pytest.mark.alone
def test_a_sold_flight_of_450_seats_and_its_neighbors(stack, capsys):
    """Everybody is told, and every refund asked for, within ten seconds; timers of other flights are not late."""
    flight = stack.new_flight(rows=75, layout="ABC DEF")
    orders = sell_out(stack, flight, [f"{letter}{row}" for row in range(1, 76) for letter in "ABCDEF"])
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs j JOIN orders o ON o.order_id = j.order_id"
                                     " WHERE o.flight_id = %s LIMIT 1", flight), 60, "the confirmations to be sent")
    other = stack.api().hold(stack.new_flight(), "A1")
    # Its timer is due in the middle of the walk, and the sweeper, which looks once a second, has known that for long.
    stack.query("UPDATE orders o JOIN workflow_jobs j USING (order_id) SET o.expires_at = UTC_TIMESTAMP(3) + INTERVAL 2500000 MICROSECOND,"
                " j.run_at = UTC_TIMESTAMP(3) + INTERVAL 2500000 MICROSECOND WHERE o.order_id = %s", other["orderId"])
    (due,) = stack.query("SELECT run_at FROM workflow_jobs WHERE order_id = %s", other["orderId"])
    time.sleep(2.2)
    begun = time.monotonic()
    took = {}

    def step(name, sql, *args):
        if name not in took and stack.query(sql, *args)[0]["n"] == len(orders):
            took[name] = time.monotonic() - begun
        return name in took

    assert cancel(stack, flight).ok(202)["confirmed"] == 450
    took["off sale"] = time.monotonic() - begun
    of_flight = "SELECT COUNT(*) AS n FROM orders o JOIN {} USING (order_id) WHERE o.flight_id = %s AND {}"
    end = begun + 60
    while time.monotonic() < end:
        done = [step("ended and refunds asked for", of_flight.format("refunds r", "o.status = 'CANCELLED'"), flight),
                step("told", of_flight.format("messages m", "m.type = 'flight.cancelled' AND m.status = 'SENT'"), flight),
                step("refunded", of_flight.format("refunds r", "r.status = 'REFUNDED'"), flight)]
        if all(done):
            break
        time.sleep(0.02)
    (ended,) = stack.query("SELECT created_at FROM workflow_events WHERE type = 'ORDER_EXPIRED' AND order_id = %s", other["orderId"])
    late = (ended["created_at"] - due["run_at"]).total_seconds()
    with capsys.disabled():
        print("\n450 orders:", {name: round(seconds, 2) for name, seconds in took.items()}, "a timer was late by", late)
    assert len(took) == 4 and took["off sale"] < 1 and took["ended and refunds asked for"] < 10 and took["told"] < 10
    assert 0 <= late < 1
    over(stack, flight)
