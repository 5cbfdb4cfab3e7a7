# SPDX-License-Identifier: MIT
"""A job that cannot be done is set aside, counted and shown, and all others continue."""

import pytest

from nudge import nudge
from stack import wait_for

GONE = "UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL WHERE flight_id = %s"


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(RESERVATION_TIMEOUT="10m", PAYMENT_TIMEOUT="1s")


def job(stack, order, kind="EXPIRE_HOLD"):
    found = stack.query("SELECT * FROM workflow_jobs WHERE order_id = %s AND kind = %s", order["orderId"], kind)
    return found[0] if found else None


def run_out(stack, orders):
    """Ends all of these holds at the same moment, so that they are one batch."""
    ids = [order["orderId"] for order in orders]
    marks = ", ".join(["%s"] * len(ids))
    stack.query(f"UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE order_id IN ({marks})", *ids)
    stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) + INTERVAL 300 MICROSECOND"
                f" WHERE kind = 'EXPIRE_HOLD' AND order_id IN ({marks})", *ids)


def make_hopeless(stack, order):
    """Makes a job that fails look as if it had failed nine times, and waits for the tenth failure."""
    def failed():
        nudge(stack, "UPDATE workflow_jobs SET failures = 9, run_at = UTC_TIMESTAMP(3) WHERE order_id = %s"
                     " AND status = 'PENDING' AND failures > 0", order["orderId"])
        return stack.query("SELECT 1 FROM workflow_jobs WHERE order_id = %s AND status = 'FAILED'", order["orderId"])
    wait_for(failed, 20, "the job to have failed")


def shown(stack, order, **query):
    jobs = stack.admin().get("/api/admin/jobs?status=FAILED&limit=100").ok()["jobs"]
    return [each for each in jobs if each["orderId"] == order["orderId"]]


def break_text(stack, order):
    stack.query("UPDATE orders SET seats = '???' WHERE order_id = %s", order["orderId"])


def mend_text(stack, order):
    stack.query("UPDATE orders SET seats = %s WHERE order_id = %s", ",".join(order["seats"]), order["orderId"])


def break_seats(stack, order):
    stack.query(GONE + " AND seat_number = %s", order["flightId"], order["seats"][0])


def mend_seats(stack, order):
    stack.query("UPDATE seats SET status = 'RESERVED', reserved_by = %s WHERE flight_id = %s AND seat_number = %s",
                order["orderId"], order["flightId"], order["seats"][0])


KINDS = [(break_text, mend_text, "A row of the order cannot be read or written"),
         (break_seats, mend_seats, "The order does not hold the seats it names")]


@pytest.mark.parametrize("harm, mend, why", KINDS, ids=["unreadable", "seat freed by hand"])
def test_one_hold_that_cannot_be_ended_keeps_no_other_from_it(stack, api, flight, harm, mend, why):
    orders = [api.hold(flight, f"A{n}", f"B{n}") for n in range(1, 7)]
    harm(stack, orders[0])
    run_out(stack, orders)
    for order in orders[1:]:
        wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 5, "the others to be ended")
    wait_for(lambda: job(stack, orders[0])["failures"] == 1, 5, "the one to be counted")
    aside = job(stack, orders[0])
    assert (aside["status"], aside["last_error"], aside["locked_by"]) == ("PENDING", why, None)

    make_hopeless(stack, orders[0])
    (failed,) = shown(stack, orders[0])
    assert (failed["status"], failed["lastError"], failed["kind"]) == ("FAILED", why, "EXPIRE_HOLD")
    assert 'booking_jobs{kind="EXPIRE_HOLD",state="failed"} 1' in stack.api().get("/metrics").body.decode()

    mend(stack, orders[0])
    stack.admin().post(f"/api/admin/jobs/{failed['id']}/retry").ok()
    wait_for(lambda: stack.row(orders[0])["status"] == "EXPIRED", 5)
    assert job(stack, orders[0]) is None and set(api.seats(flight).values()) == {"AVAILABLE"}


def test_a_customer_does_not_wait_for_the_operator(stack, api, flight):
    """Another customer who wants one of the seats ends such a hold."""
    order = api.hold(flight, "A1", "A2")
    break_seats(stack, order)
    run_out(stack, [order])
    wait_for(lambda: job(stack, order)["failures"] == 1, 5)
    taker = api.hold(flight, "A2")
    assert stack.row(order)["status"] == "EXPIRED" and job(stack, order) is None
    api.cancel(taker).ok()


@pytest.mark.parametrize("paying", [False, True])
def test_an_order_that_has_lost_a_seat_can_be_cancelled(stack, api, flight, paying):
    order = api.hold(flight, "A1", "A2")
    break_seats(stack, order)
    if paying:
        api.pay(order, "50300").ok()
    assert api.cancel(order).ok()["status"] == "CANCELLED"
    assert set(api.seats(flight).values()) == {"AVAILABLE"}
    wait_for(lambda: not stack.everything(order)["jobs"], 10)


@pytest.mark.parametrize("kind, tries, failures", [("VOID_CHARGE", 3, 3), ("VOID_CHARGE", 0, 10), ("PAYMENT_ATTEMPT", 3, 10)])
def test_a_missing_payment(stack, api, flight, kind, tries, failures):
    """A partial restore can cause this. A job with a limit of tries uses them up; one without gives up after ten."""
    order = api.hold(flight, "A1")
    if kind == "PAYMENT_ATTEMPT":
        stack.query("UPDATE orders SET status = 'PAYMENT_PENDING', expires_at = NULL WHERE order_id = %s", order["orderId"])
    stack.query("INSERT INTO workflow_jobs (kind, order_id, run_at, max_attempts, created_at, updated_at)"
                " VALUES (%s, %s, UTC_TIMESTAMP(3), %s, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", kind, order["orderId"], tries)

    def failed():
        nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = %s"
                     " AND status = 'PENDING'", order["orderId"], kind)
        return job(stack, order, kind)["status"] == "FAILED"
    wait_for(failed, 30, interval=0.2)
    row = job(stack, order, kind)
    assert (row["failures"], row["last_error"], row["run_at"]) == (failures, "The order's payment is not there", None)
    (listed,) = shown(stack, order)
    # A retry gives the job the same number of tries again, or still no limit.
    stack.admin().post(f"/api/admin/jobs/{listed['id']}/retry").ok()
    again = job(stack, order, kind)
    assert again["failures"] in (0, 1) and again["max_attempts"] == {0: 0}.get(tries, tries if kind == "PAYMENT_ATTEMPT" else 2 * tries)
    if kind == "PAYMENT_ATTEMPT":
        assert api.cancel(order).ok()["status"] == "CANCELLED", "even without a payment to give back"
        stack.query("DELETE FROM workflow_events WHERE order_id = %s", order["orderId"])
    stack.query("DELETE FROM workflow_jobs WHERE order_id = %s", order["orderId"])
    stack.query(GONE, flight)
    stack.query("DELETE FROM workflow_events WHERE order_id = %s", order["orderId"])
    stack.query("DELETE FROM orders WHERE order_id = %s", order["orderId"])


def test_a_payment_is_counted_by_what_was_announced(stack, api, flight):
    """Seven workers claimed the job and died before they asked the gateway."""
    with stack.without("sweeper"):
        order = api.hold(flight, "A1")
        api.pay(order, "99999").ok()
        stack.query("UPDATE workflow_jobs SET status = 'RUNNING', attempts = 7, locked_by = 'dead', run_at = UTC_TIMESTAMP(3)"
                    " WHERE order_id = %s", order["orderId"])
    confirmed = stack.wait_status(order, "CONFIRMED", deadline=10)
    assert confirmed["paymentAttempts"] == 1
    assert [(e["attempt"], e["outcome"]) for e in api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == [(1, "APPROVED")]
