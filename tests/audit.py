"""Compares seats, orders, payments and the gateway's charges: what must agree, agrees.

Runs on live stacks, other tests going on beside it; so a finding counts only when it persists.
"""

import time

# An operator's reset frees booked seats, too; such an order keeps its state but not its seats.
KEEPS_SEATS = """(o.status IN ('SEATS_RESERVED', 'PAYMENT_PENDING') OR o.status = 'CONFIRMED' AND NOT EXISTS (
              SELECT 1 FROM workflow_events e WHERE e.order_id = o.order_id AND e.type = 'SEATS_FREED_BY_ADMIN'))"""

SEATS_AND_ORDERS = {
    "a seat held by an order that does not hold it": """
        SELECT s.flight_id, s.seat_number, s.status, o.order_id, o.status AS order_status, o.seats
          FROM seats s LEFT JOIN orders o ON o.order_id = s.reserved_by
         WHERE s.status <> 'AVAILABLE'
           AND (o.order_id IS NULL OR o.flight_id <> s.flight_id OR NOT FIND_IN_SET(s.seat_number, o.seats)
                OR (s.status = 'BOOKED') <> (o.status = 'CONFIRMED')
                OR (s.status = 'RESERVED') <> (o.status IN ('SEATS_RESERVED', 'PAYMENT_PENDING')))""",
    "a free seat that names an owner": """
        SELECT flight_id, seat_number FROM seats
         WHERE status = 'AVAILABLE' AND (reserved_by IS NOT NULL OR user_id IS NOT NULL)""",
    "an order that lacks a seat it holds": f"""
        SELECT o.order_id, o.status, o.seats, COUNT(s.seat_number) AS seats_found
          FROM orders o LEFT JOIN seats s ON s.reserved_by = o.order_id
         WHERE {KEEPS_SEATS}
         GROUP BY o.order_id, o.status, o.seats
        HAVING seats_found <> LENGTH(o.seats) - LENGTH(REPLACE(o.seats, ',', '')) + 1""",
    "one seat sold twice": f"""
        SELECT s.flight_id, s.seat_number, COUNT(*) AS live_orders
          FROM seats s JOIN orders o ON o.flight_id = s.flight_id AND FIND_IN_SET(s.seat_number, o.seats)
         WHERE {KEEPS_SEATS}
         GROUP BY s.flight_id, s.seat_number HAVING live_orders > 1""",
    "a confirmed order without a settled payment": """
        SELECT o.order_id, p.payment_id, p.transaction_id, p.payment_code FROM orders o
          LEFT JOIN payments p ON p.order_id = o.order_id
         WHERE o.status = 'CONFIRMED' AND (p.transaction_id IS NULL OR LENGTH(p.payment_code) <> 2)""",
    "a hold without its timer": """
        SELECT o.order_id FROM orders o
          LEFT JOIN workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'EXPIRE_HOLD'
         WHERE o.status = 'SEATS_RESERVED' AND j.job_id IS NULL""",
    "a payment nobody works on": """
        SELECT o.order_id FROM orders o
          LEFT JOIN workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'PAYMENT_ATTEMPT'
         WHERE o.status = 'PAYMENT_PENDING' AND j.job_id IS NULL""",
}

# Charges the tests make at the gateway directly, without an order, are named so.
WITHOUT_ORDER = "gateway-test-"


def findings(stack):
    found = {(name, tuple(row.values())) for name, sql in SEATS_AND_ORDERS.items() for row in stack.query(sql)}
    return found | set(money(stack))


def money(stack):
    """Every captured, unvoided charge has its CONFIRMED order, and the other way round."""
    charges = {row["order_id"]: row for row in stack.gateway_query(
        "SELECT order_id, amount_cents, transaction_id FROM charges WHERE status = 'APPROVED' AND order_id NOT LIKE %s",
        WITHOUT_ORDER + "%")}
    orders = {row["order_id"]: row for row in stack.query("""
        SELECT o.order_id, o.status, o.total_price_cents, p.transaction_id, j.job_id AS void_job
          FROM orders o LEFT JOIN payments p ON p.order_id = o.order_id
          LEFT JOIN workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'VOID_CHARGE'""")}
    for order_id, charge in charges.items():
        order = orders.get(order_id)
        if order is None:
            yield ("a charge for no order", (order_id,))
        elif order["status"] == "PAYMENT_PENDING" or order["void_job"]:
            pass  # still being worked on
        elif order["status"] != "CONFIRMED":
            yield ("money kept for an order that is not confirmed", (order_id, order["status"]))
        elif (charge["amount_cents"], charge["transaction_id"]) != (order["total_price_cents"], order["transaction_id"]):
            yield ("a charge that differs from its order", (order_id,))
    for order_id, order in orders.items():
        if order["status"] == "CONFIRMED" and order_id not in charges:
            yield ("a confirmed order nobody paid for", (order_id,))


def audit(stack, deadline=15):
    """Fails on any finding that stays from the first look to the deadline."""
    left = findings(stack)
    end = time.monotonic() + deadline
    while left and time.monotonic() < end:
        time.sleep(0.3)
        left &= findings(stack)
    assert not left, sorted(left, key=str)
