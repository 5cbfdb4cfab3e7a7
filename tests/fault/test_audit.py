# SPDX-License-Identifier: MIT
"""The audit works: tests plant each kind of contradiction, and the audit names it and nothing else."""

import os
import subprocess

import pytest

import audit
from stack import ROOT, wait_for


@pytest.fixture(scope="module")
def stack(broken_stack):
    return broken_stack(PASSENGERS="optional", PAYMENT_TIMEOUT="1s", RESERVATION_TIMEOUT="10m")


@pytest.fixture(scope="module", autouse=True)
def no_sweeper_mends_it(stack):
    """Makes orders in every state, and then stops the sweeper, so that it does not touch what is planted."""
    api, flight, cancelled = stack.api(), stack.new_flight(rows=40, refund_rule="0:2500:0"), stack.new_flight()
    made = {name: [] for name in ("held", "changed", "pending", "confirmed", "declined", "failed", "cancelled", "expired",
                                 "refunded", "forgotten", "part")}
    seats = (f"{letter}{row}" for row in range(1, 41) for letter in "ABC")
    for _ in range(3):
        for name in made:
            if name == "forgotten":
                made[name].append(api.post("/api/orders", {"flightId": flight, "seats": [next(seats)], "passengers": [
                    {"familyName": "Lovelace"}], "contact": {"phone": "030 12345"}}).ok(201))
                api.cancel(made[name][-1]).ok()
                continue
            order = api.hold(*((cancelled, f"A{len(made[name]) + 1}") if name == "refunded" else (flight, next(seats), next(seats))))
            made[name].append(order)
            if name == "changed":
                api.change(order, next(seats)).ok()
            elif name == "cancelled":
                api.cancel(order).ok()
            elif name == "expired":
                stack.fire_timer(order)
            elif name != "held" and name != "pending":
                api.pay(order, {"declined": "00000", "failed": "50300"}.get(name, "99999")).ok()
    for name in ("confirmed", "declined", "failed", "expired", "refunded", "part"):
        for order in made[name]:
            stack.wait_status(order, "CONFIRMED", "FAILED", "EXPIRED", deadline=20)
            wait_for(lambda: not stack.everything(order)["jobs"], 20, "its jobs to be done")
    for order in made["part"]:
        api.post(f"/api/admin/orders/{order['orderId']}/cancel", {"reason": "a test", "seats": order["seats"][:1]}).ok()
        wait_for(lambda: not stack.everything(order)["jobs"], 20, "its refund to be made")
    api.post(f"/api/admin/flights/{cancelled}/cancel", {"reason": "a test"}).ok(202)
    for order in made["refunded"]:
        stack.wait_status(order, "CANCELLED")
        wait_for(lambda: not stack.everything(order)["jobs"], 20, "its refund to be made")
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE kind = 'CANCEL_FLIGHT'"), 10, "the walk to end")
    give_up_what_was_freed(stack, api)
    for order in made["forgotten"]:
        api.post(f"/api/admin/orders/{order['orderId']}/forget", {"reason": "a test"}).ok()
    stack.stop_program("sweeper")
    for order in made["pending"]:
        api.pay(order, "99999").ok()
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE order_id = %s", order["orderId"])
    # The triggers would refuse some of what is planted.
    stack.query("DROP TRIGGER seats_are_not_removed")
    stack.query("DROP TRIGGER seats_are_not_renumbered")
    stack.made = made
    assert look(stack) == set()


def give_up_what_was_freed(stack, api):
    """An operator frees the seats of a sold order, which then gives up one of them and does not hold the other, either."""
    flight = stack.new_flight(refund_rule="0:2500:0")
    order = api.hold(flight, "A1", "A2")
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    api.post("/api/admin/reset", {"flightId": flight}).ok()
    api.post(f"/api/admin/orders/{order['orderId']}/cancel", {"reason": "a test", "seats": ["A1"]}).ok()
    wait_for(lambda: not stack.everything(order)["jobs"], 20, "its refund to be made")
    api.hold(flight, "A2")


def look(stack):
    return audit.findings(stack, books={"lease": 6.0})


# The audit's name for each contradiction, the kind of order that it is planted in, and the SQL. {o} is the order's id.
RETRY = "UPDATE workflow_jobs SET {set} WHERE order_id = '{{o}}'"
REFUND = ("INSERT INTO refunds (refund_id, order_id, payment_id, amount_cents, currency, status, created_at, updated_at)"
          " VALUES ('planted', '{{o}}', '{{p}}', {cents}, 'USD', '{status}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
MESSAGE = "('{n}', '{{o}}', 'order.confirmed', '{{{{}}}}', '{status}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"
MESSAGES = "INSERT INTO messages (public_id, order_id, type, body, status, created_at, updated_at) VALUES "
MAIL = ("INSERT INTO messages (public_id, order_id, channel, type, body, status, created_at, updated_at)"
        " VALUES ('m', '{{o}}', 'MAIL', 'order.confirmed', '{{{{}}}}', '{status}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
OF_A_PERSON = ("name", "given_name", "family_name", "family_key", "email", "email_key", "phone", "language", "assistance")

PLANTED = {
    "a seat sold twice": [
        ("held", "UPDATE orders SET seats = '{other_seats}' WHERE order_id = '{o}'")],
    "a seat whose state contradicts its order": [
        ("held", "UPDATE seats SET status = 'BOOKED' WHERE reserved_by = '{o}'"),
        ("confirmed", "UPDATE seats SET status = 'RESERVED' WHERE reserved_by = '{o}'"),
        ("cancelled", "UPDATE seats SET status = 'RESERVED', reserved_by = '{o}' WHERE seat_number = 'C40'")],
    "a seat of no cabin": [
        ("held", "UPDATE flights SET cabin_id = 'a320' WHERE flight_id = '{f}'")],
    "an order on a cancelled flight": [
        ("held", "UPDATE flights SET status = 'CANCELLED' WHERE flight_id = '{f}'"),
        ("refunded", "UPDATE orders SET status = 'CONFIRMED' WHERE order_id = '{o}'")],
    "a refund owed and not asked for": [
        ("refunded", "DELETE FROM refunds WHERE order_id = '{o}'"),
        ("refunded", "UPDATE payments SET amount_cents = amount_cents + 1 WHERE order_id = '{o}'")],
    "more kept and given back than was captured": [
        ("refunded", "UPDATE orders SET fee_cents = 1 WHERE order_id = '{o}'"),
        ("refunded", "UPDATE payments SET amount_cents = amount_cents - 1 WHERE order_id = '{o}'")],
    "a refunded charge that was voided": [
        ("refunded", "UPDATE payment_gateway.charges SET status = 'VOIDED' WHERE idempotency_key = '{p}'")],
    "a price that does not add up": [
        ("held", "UPDATE orders SET total_price_cents = total_price_cents + 1 WHERE order_id = '{o}'"),
        ("held", "UPDATE orders SET price_parts = 'economy=1,economy=12900' WHERE order_id = '{o}'"),
        ("held", "UPDATE orders SET seats = CONCAT(seats, ',C38') WHERE order_id = '{o}'")],
    "a free seat that names an owner": [
        ("held", "UPDATE seats SET user_id = 'somebody' WHERE flight_id = '{f}' AND seat_number = 'C39'")],
    "an order that lacks a seat it holds": [
        ("held", "UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL WHERE reserved_by = '{o}' LIMIT 1")],
    "a hold without an end, or an end without a hold": [
        ("pending", "UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE order_id = '{o}'")],
    "an order without the job its state needs": [
        ("held", "DELETE FROM workflow_jobs WHERE order_id = '{o}'"),
        ("pending", "DELETE FROM workflow_jobs WHERE order_id = '{o}'"),
        ("confirmed", "DELETE FROM workflow_events WHERE order_id = '{o}' AND type = 'CONFIRMATION_ATTEMPT'"),
        ("failed", "UPDATE payments SET voided_at = NULL WHERE order_id = '{o}'")],
    "a confirmed order without a locator": [
        ("confirmed", "UPDATE orders SET locator = NULL WHERE order_id = '{o}'")],
    "a locator that is not its order's": [
        ("confirmed", "DELETE FROM locators WHERE order_id = '{o}'"),
        ("confirmed", "UPDATE locators SET locator = '222222' WHERE order_id = '{o}'"),
        ("held", "INSERT INTO locators VALUES ('333333', '{o}', UTC_TIMESTAMP(3))"),
        ("held", "UPDATE orders SET locator = '444444' WHERE order_id = '{o}'")],
    "a name in a forgotten order": [
        ("cancelled", "UPDATE orders SET forgotten_at = UTC_TIMESTAMP(3) WHERE order_id = '{o}'"),
        ("confirmed", "UPDATE orders SET forgotten_at = UTC_TIMESTAMP(3), user_id = '' WHERE order_id = '{o}'"),
        ("forgotten", "UPDATE persons SET forgotten_at = NULL WHERE order_id = '{o}'"),
        *(("forgotten", f"UPDATE persons SET {column} = 'x' WHERE order_id = '{{o}}' LIMIT 1") for column in OF_A_PERSON)],
    "a name of somebody who left": [
        *(("held", f"INSERT INTO persons (kind, order_id, {column}, created_at, forgotten_at) VALUES"
                   " ('PASSENGER', '{o}', 'x', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))") for column in OF_A_PERSON),
        ("held", "INSERT INTO persons (kind, order_id, family_name, created_at) VALUES ('PASSENGER', '{o}', 'x', UTC_TIMESTAMP(3))")],
    "two passengers with one place": [
        ("held", "INSERT INTO persons (kind, order_id, position, created_at) VALUES ('PASSENGER', '{o}', 1, UTC_TIMESTAMP(3)),"
                 " ('PASSENGER', '{o}', 1, UTC_TIMESTAMP(3))"),
        ("held", "INSERT INTO persons (kind, order_id, phone, created_at) VALUES ('CONTACT', '{o}', '1', UTC_TIMESTAMP(3)),"
                 " ('CONTACT', '{o}', '2', UTC_TIMESTAMP(3))")],
    "a job whose order needs none": [
        ("cancelled", "INSERT INTO workflow_jobs (kind, order_id, run_at, created_at, updated_at) VALUES"
                      " ('EXPIRE_HOLD', '{o}', '2100-01-01', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"),
        ("held", "INSERT INTO workflow_jobs (kind, order_id, run_at, created_at, updated_at) VALUES"
                 " ('VOID_CHARGE', '{o}', '2100-01-01', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"),
        ("refunded", "INSERT INTO workflow_jobs (kind, order_id, run_at, created_at, updated_at) VALUES"
                     " ('VOID_CHARGE', '{o}', '2100-01-01', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"),
        ("held", "INSERT INTO workflow_jobs (kind, order_id, subject_id, flight_id, run_at, created_at, updated_at) VALUES"
                 " ('CANCEL_FLIGHT', '{o}', 'x', '{f}', '2100-01-01', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")],
    "a job in a state that is none": [
        ("held", RETRY.format(set="status = 'RUNNING'")),
        ("held", RETRY.format(set="locked_by = 'somebody'"))],
    "an illegal transition": [
        ("cancelled", "UPDATE workflow_events SET from_status = 'CONFIRMED' WHERE order_id = '{o}' AND type = 'ORDER_CANCELLED'"),
        ("changed", "DELETE FROM workflow_events WHERE order_id = '{o}' AND type = 'ORDER_CREATED'"),
        ("confirmed", "DELETE FROM workflow_events WHERE order_id = '{o}' AND type = 'PAYMENT_SUBMITTED'")],
    "a history that ends elsewhere than its order": [
        ("cancelled", "DELETE FROM workflow_events WHERE order_id = '{o}' AND type = 'ORDER_CANCELLED'")],
    "a history of no order": [
        ("held", "INSERT INTO workflow_events (order_id, type, created_at) VALUES ('nobody', 'JOB_RETRIED', UTC_TIMESTAMP(3))")],
    "an attempt counted twice": [
        ("confirmed", "INSERT INTO workflow_events (order_id, type, attempt, outcome, created_at)"
                      " VALUES ('{o}', 'PAYMENT_ATTEMPT', 1, 'ERROR', UTC_TIMESTAMP(3))")],
    "an attempt missing": [
        ("confirmed", "DELETE FROM workflow_events WHERE order_id = '{o}' AND type = 'PAYMENT_ATTEMPT'"),
        ("failed", "DELETE FROM workflow_events WHERE order_id = '{o}' AND type = 'PAYMENT_ATTEMPT' AND attempt = 2")],
    "a payment that contradicts its order": [
        ("declined", "UPDATE payments SET status = 'APPROVED' WHERE order_id = '{o}'"),
        ("pending", "DELETE FROM payments WHERE order_id = '{o}'"),
        ("confirmed", "UPDATE payments SET transaction_id = NULL WHERE order_id = '{o}'")],
    "a former payment that still counts": [
        ("confirmed", "UPDATE payments SET former_id = payment_id WHERE order_id = '{o}'"),
        ("declined", "UPDATE payments SET former_id = 'another' WHERE order_id = '{o}'")],
    "a payment code kept after the payment was settled": [
        ("failed", "UPDATE payments SET payment_code = '50300' WHERE order_id = '{o}'")],
    "a charge of no payment": [
        ("held", "INSERT INTO payment_gateway.charges (idempotency_key, order_id, amount_cents, currency, status, created_at)"
                 " VALUES ('stray', '{o}', 1, 'USD', 'APPROVED', UTC_TIMESTAMP(3))")],
    "money kept for an order that is not confirmed": [
        ("failed", "UPDATE payment_gateway.charges SET status = 'APPROVED', order_id = '{o}' WHERE idempotency_key = '{p}'"),
        ("declined", "UPDATE payment_gateway.charges SET status = 'APPROVED', order_id = '{o}' WHERE idempotency_key = '{p}'")],
    "a confirmed order nobody paid for": [
        ("confirmed", "DELETE FROM payment_gateway.charges WHERE idempotency_key = '{p}'"),
        ("confirmed", "UPDATE payment_gateway.charges SET status = 'VOIDED' WHERE idempotency_key = '{p}'")],
    "a confirmed order paid for more than once": [
        ("confirmed", "INSERT INTO payment_gateway.charges (idempotency_key, order_id, amount_cents, currency, status, created_at)"
                      " VALUES ('again', '{o}', 1, 'USD', 'APPROVED', UTC_TIMESTAMP(3))")],
    "a refund without the job it needs": [
        ("confirmed", REFUND.format(cents=1, status="PENDING")), ("confirmed", REFUND.format(cents=1, status="FAILED"))],
    "more refunded than was captured": [
        ("confirmed", REFUND.format(cents=1_000_000, status="REFUNDED")), ("failed", REFUND.format(cents=1, status="PENDING"))],
    "a refund that the gateway's books contradict": [
        ("confirmed", REFUND.format(cents=1, status="REFUNDED")),
        ("confirmed", "INSERT INTO payment_gateway.charge_refunds VALUES ('{o}', '{p}', 1, UTC_TIMESTAMP(3))")],
    "a report without the job that makes it": [
        ("held", "INSERT INTO reconciliations (day, report_id, status, created_at, updated_at)"
                 " VALUES ('2026-01-01', '{o}', 'PENDING', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")],
    "a message without the job that sends it": [
        ("confirmed", MESSAGES + MESSAGE.format(n=1, status="PENDING")), ("confirmed", MAIL.format(status="PENDING"))],
    "a mail that failed and that no operator sees": [
        ("confirmed", MAIL.format(status="FAILED"))],
    "a mail about an order that nobody paid for": [
        ("failed", MAIL.format(status="SENT")), ("held", MAIL.format(status="SENT"))],
    "messages told out of order": [
        ("confirmed", MESSAGES + MESSAGE.format(n=1, status="PENDING") + ", " + MESSAGE.format(n=2, status="SENT"))],
    "a charge that differs from its order": [
        ("confirmed", "UPDATE payment_gateway.charges SET amount_cents = amount_cents + 1 WHERE idempotency_key = '{p}'"),
        ("confirmed", "UPDATE orders SET fee_cents = 1 WHERE order_id = '{o}'"),
        ("confirmed", REFUND.format(cents=1, status="REFUNDED")),
        ("part", "UPDATE orders SET fee_cents = fee_cents - 1 WHERE order_id = '{o}'"),
        ("part", "UPDATE orders SET fee_cents = fee_cents + 1 WHERE order_id = '{o}'"),
        ("part", "UPDATE refunds SET amount_cents = amount_cents - 1 WHERE order_id = '{o}'"),
        ("confirmed", "UPDATE payment_gateway.charges SET transaction_id = 'another' WHERE idempotency_key = '{p}'")],
    "a job that is due and not taken up": [
        ("held", RETRY.format(set="run_at = UTC_TIMESTAMP(3) - INTERVAL 9 SECOND"))],
    "a lease that is stuck": [
        ("pending", RETRY.format(set="status = 'RUNNING', attempts = 1, locked_by = 'dead', run_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"))],
    "a timer that will not fire at the end of its hold": [
        ("held", RETRY.format(set="run_at = UTC_TIMESTAMP(3) + INTERVAL 1 DAY"))],
    "a seat that had two holders once": [
        ("cancelled", "UPDATE workflow_events SET detail = '{other_seats}' WHERE order_id = '{o}' AND type = 'SEATS_RESERVED'")],
}
CASES = [pytest.param(kind, state, sql, id=f"{kind.replace(' ', '-')}-{n}")
         for kind, cases in PLANTED.items() for n, (state, sql) in enumerate(cases)]

TABLES = ("flight_booking.flights", "flight_booking.orders", "flight_booking.seats", "flight_booking.workflow_jobs", "flight_booking.workflow_events",
          "flight_booking.payments", "flight_booking.persons", "flight_booking.locators", "flight_booking.refunds", "flight_booking.messages", "flight_booking.reconciliations", "payment_gateway.charges",
          "payment_gateway.charge_refunds")


@pytest.fixture
def planted(stack):
    """Runs one statement as administrator, and restores all tables afterwards."""
    root = stack.root_db()
    with root, root.cursor() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("CREATE DATABASE IF NOT EXISTS kept")
        for table in TABLES:
            cursor.execute(f"CREATE OR REPLACE TABLE kept.{table.split('.')[1]} AS SELECT * FROM {table}")
        cursor.execute("USE flight_booking")
        yield lambda sql: cursor.execute(sql)
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(f"INSERT INTO {table} SELECT * FROM kept.{table.split('.')[1]}")


def test_every_kind_is_planted():
    kinds = {kind for queries in (audit.SEATS, audit.ORDERS, audit.HISTORY, audit.PAYMENTS, audit.MONEY, audit.CLOCK)
             for kind in queries}
    assert kinds | {"a seat that had two holders once", "a price that does not add up"} == set(PLANTED)


@pytest.mark.parametrize("kind, state, sql", CASES)
def test_the_audit_names_what_is_planted(stack, planted, kind, state, sql):
    order, other = stack.made[state][0], stack.made["changed"][0]
    payment = stack.query("SELECT payment_id FROM payments WHERE order_id = %s", order["orderId"])
    changed = planted(sql.format(o=order["orderId"], f=order["flightId"], p=payment and payment[0]["payment_id"],
                                 other_seats=",".join(stack.row(other)["seats"].split(","))))
    assert changed, "nothing was planted"
    found = look(stack)
    assert kind in {each.kind for each in found}, f"not seen; seen instead:\n{audit.report(found)}"
    named = " ".join(value for each in found if each.kind == kind for _, value in each.about)
    assert {order["orderId"], order["flightId"], "C39", "nobody"} & set(named.replace(",", " ").split()), "it must say where"


def test_the_audit_knows_orders_of_the_version_before(stack, planted):
    """Which confirmed them without a locator, before the first was given."""
    order = stack.made["confirmed"][0]["orderId"]
    planted(f"DELETE FROM locators WHERE order_id = '{order}'")
    planted(f"UPDATE orders SET locator = NULL WHERE order_id = '{order}'")
    planted(f"UPDATE workflow_events SET created_at = created_at - INTERVAL 1 DAY WHERE order_id = '{order}'")
    assert look(stack) == set()


def make_audit(stack):
    environment = {**stack.environment(), "PAYMENT_TIMEOUT": "1s"}
    return subprocess.run(["make", "--no-print-directory", "audit"], cwd=ROOT, env=environment, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_make_audit_says_so(stack, planted):
    run = make_audit(stack)
    assert run.returncode == 0 and "everything agrees" in run.stdout and "35 orders" in run.stdout, run.stdout
    order = stack.made["confirmed"][0]["orderId"]
    planted(f"UPDATE seats SET status = 'RESERVED' WHERE reserved_by = '{order}'")
    run = make_audit(stack)
    assert run.returncode != 0 and "a seat whose state contradicts its order" in run.stdout and order in run.stdout, run.stdout


def test_make_audit_needs_a_database(stack, tmp_path):
    run = subprocess.run([str(ROOT / "tests/audit.py")], env={**os.environ, "RUN_DIR": str(tmp_path)}, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    assert run.returncode == 2 and run.stderr.startswith("audit: "), run
