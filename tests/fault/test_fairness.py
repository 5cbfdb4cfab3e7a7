# SPDX-License-Identifier: MIT
"""One sweeper, a database whose answers take their time, and a backlog of every kind: none waits for another's."""

import pytest

from database_proxy import DatabaseProxy
from stack import wait_for

TIMERS, PAYMENTS = 400, 60


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(SWEEPERS=0, RESERVATION_TIMEOUT="10m", API_WORKERS=4, GATEWAY_WORKERS=8)


def test_timers_do_not_wait_for_payments(stack, api):
    flight = stack.new_flight(rows=160)
    seats = [f"{letter}{row}" for row in range(1, 161) for letter in "ABC"]
    held = [api.hold(flight, seat) for seat in seats[:TIMERS + PAYMENTS]]
    for order in held[:PAYMENTS]:
        api.pay(order).ok()
    stack.query("UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE flight_id = %s AND status = 'SEATS_RESERVED'", flight)
    stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) - INTERVAL 40 SECOND WHERE kind = 'EXPIRE_HOLD'")
    assert 40 <= api.get("/health").json["jobsLateSeconds"] <= 50
    line = DatabaseProxy(stack.data_dir / "run/slow.sock", stack.data_dir / "run/mysql.sock")
    line.delay = 0.01   # for each statement, so a payment takes two tenths of a second
    sweeper = stack.popen("sweeper", DATABASE_DSN=line.dsn(stack.programs_environment()["DATABASE_DSN"]))

    def done(kind):
        row, = stack.query("SELECT COUNT(*) AS n, TIMESTAMPDIFF(MICROSECOND, MIN(created_at), MAX(created_at)) / 1e6 AS s"
                           " FROM workflow_events WHERE type = %s", kind)
        return row["n"], float(row["s"] or 0)
    try:
        wait_for(lambda: done("ORDER_EXPIRED")[0] == TIMERS, 30, "all timers to have fired", interval=0.1)
        took, confirmed = done("ORDER_EXPIRED")[1], done("ORDER_CONFIRMED")[0]
        assert confirmed < PAYMENTS, "the payments were done first"
        wait_for(lambda: done("ORDER_CONFIRMED")[0] == PAYMENTS, 60, "all payments to be done", interval=0.2)
        wait_for(lambda: api.get("/health").json["jobsLateSeconds"] == 0, 60, "the confirmations to be sent")
    finally:
        sweeper.terminate()
        sweeper.wait()
        line.close()
    assert took < 4, "seven batches, of which each takes a quarter of a second"
