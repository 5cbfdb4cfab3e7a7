# SPDX-License-Identifier: MIT
"""The sweeper: several at once, from cron, asleep until needed, stopped, killed."""

import os
import signal
import time
from collections import Counter

import pytest

from shapes import seconds
from stack import wait_for


# -- two at once ----------------------------------------------------------------------------------

def test_two_sweepers_share_the_work_and_do_each_piece_once(quick_stack):
    api = quick_stack.api()
    assert len(quick_stack.pids("sweeper")) == 2
    orders = [api.hold(quick_stack.new_flight(rows=1, layout="A"), "A1") for _ in range(40)]
    for order in orders:
        api.pay(order, "99999").ok()
    for order in orders:
        quick_stack.wait_status(order, "CONFIRMED")
    wait_for(lambda: not any(quick_stack.has_job(order, "SEND_CONFIRMATION") for order in orders), 10)
    workers = Counter()
    for order in orders:
        by_type = Counter(event["type"] for event in api.events(order))
        assert (by_type["PAYMENT_ATTEMPT"], by_type["ORDER_CONFIRMED"], by_type["CONFIRMATION_ATTEMPT"]) == (1, 1, 1)
        workers.update(event["worker"] for event in api.events(order) if event["type"] == "PAYMENT_ATTEMPT")
    assert api.get("/health").ok()["sweepers"] == 2


def test_two_sweepers_expire_each_hold_once(quick_stack):
    api, flight = quick_stack.api(), quick_stack.new_flight(rows=30, layout="A")
    orders = [api.hold(flight, f"A{n}") for n in range(1, 31)]
    for order in orders:
        wait_for(lambda: quick_stack.row(order)["status"] == "EXPIRED", 6)
        assert Counter(event["type"] for event in api.events(order))["ORDER_EXPIRED"] == 1
        assert quick_stack.row(order)["version"] == order["version"] + 1


# -- a stack of its own, whose sweeper is stopped, killed and started -----------------------------

@pytest.fixture(scope="module")
def lone(own_stack):
    """Holds of 3 s, attempts of 1 s. The sweeper polls so rarely that only a wake-up or a timer makes it punctual."""
    return own_stack(RESERVATION_TIMEOUT="3s", PAYMENT_TIMEOUT="1s", SWEEPER_POLL_INTERVAL="20s")


def test_a_payment_wakes_the_sleeping_sweeper(lone):
    api = lone.api()
    orders = []
    for _ in range(5):
        order = api.hold(lone.new_flight(), "A1")
        submitted = api.pay(order, "99999").ok()
        confirmed = lone.wait_status(order, "CONFIRMED", deadline=3)
        assert seconds(submitted["updatedAt"], confirmed["updatedAt"]) < 0.5
        orders.append(order)


def test_it_sleeps_until_the_next_timer_it_knows_of(lone):
    """A payment wakes the sweeper during two holds, so that it learns of their timers. No poll is due in between."""
    api, flight = lone.api(), lone.new_flight()
    orders = [api.hold(flight, seat) for seat in ("A1", "A2")]
    paid = api.hold(flight, "A3")
    api.pay(paid, "99999").ok()
    for order in orders:
        wait_for(lambda: lone.row(order)["status"] == "EXPIRED", 5)
        (expired,) = [event for event in api.events(order) if event["type"] == "ORDER_EXPIRED"]
        assert 0 <= seconds(order["expiresAt"], expired["createdAt"]) < 1


def test_a_full_claim_is_followed_by_the_next(lone):
    """More payments are due at once than the first claims take, and no poll is due for a while."""
    api, flight = lone.api(), lone.new_flight(rows=20, layout="AB")
    orders = [api.hold(flight, f"{letter}{row}") for row in range(1, 21) for letter in "AB"]
    lone.query("UPDATE orders SET expires_at = expires_at + INTERVAL 1 MINUTE WHERE flight_id = %s", flight)
    lone.admin().post("/api/admin/kinds/PAYMENT_ATTEMPT/pause").ok()
    for order in orders:
        api.pay(order).ok()
    lone.admin().post("/api/admin/kinds/PAYMENT_ATTEMPT/resume").ok()
    asked = ("SELECT COUNT(*) AS n FROM payments JOIN orders USING (order_id) WHERE flight_id = %s AND payments.attempts > 0")
    wait_for(lambda: lone.query(asked, flight)[0]["n"] == len(orders), 2.5, "all of them to be asked for")
    for order in orders:
        lone.wait_status(order, "CONFIRMED")


def test_an_idle_sweeper_costs_almost_nothing(lone):
    wait_for(lambda: not lone.query("SELECT 1 FROM workflow_jobs"), 25)
    time.sleep(8)  # for so long it looks for changes of seats that were committed late
    (pid,) = lone.pids("sweeper")

    def ticks():
        return sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))
    before = ticks()
    before_statements = statements(lone)
    time.sleep(4)  # the length of the measurement
    assert (ticks() - before) / os.sysconf("SC_CLK_TCK") / 4 < 0.01, "more than 1 % of a core"
    # It may send one heartbeat and at most one poll in 20 seconds; and every five seconds, for the counts of seats, it
    # looks at the newest event and notes that it did, and now and then looks for flights that it has not counted.
    assert statements(lone) - before_statements < 6


def statements(stack):
    (row,) = stack.query("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")
    return int(row["Value"])


def test_without_a_sweeper(lone):
    """Holds still lapse for readers and buyers, payments wait, /health says so, and --once does all the work."""
    api = lone.api()
    with lone.without("sweeper"):
        assert lone.pids("sweeper") == []
        paying, held = api.hold(lone.new_flight(), "A1"), api.hold(lone.new_flight(), "B1")
        assert api.pay(paying, "50301").ok()["status"] == "PAYMENT_PENDING"

        expired = lone.wait_status(held, "EXPIRED", deadline=5)
        assert expired["serverTime"] >= held["expiresAt"]
        assert lone.row(held)["status"] == "SEATS_RESERVED", "no sweeper has ended it"
        assert api.seats(held["flightId"])["B1"] == "AVAILABLE"
        taker = api.hold(held["flightId"], "B1")
        assert lone.row(held)["status"] == "EXPIRED", "the new hold has ended it"

        waiting = api.order(paying)
        assert (waiting["status"], waiting["paymentAttempts"]) == ("PAYMENT_PENDING", 0)
        health = wait_for(lambda: (lambda h: h if h["sweeper"] == "down" else None)(api.get("/health").ok()), 30,
                          "/health to say that no sweeper runs")
        assert health["status"] == "ok" and health["sweepers"] == 0

        wait_for(lambda: api.order(taker)["status"] == "EXPIRED", 5)
        once = lone.run_sweeper_once()
        assert once.returncode == 0, once.stderr
        # The first attempt of 50301 fails. The second is due in a second, and --once does not wait for it.
        done = api.order(paying)
        if done["status"] == "PAYMENT_PENDING":
            assert done["paymentAttempts"] == 1
            wait_for(lambda: lone.query("SELECT 1 FROM workflow_jobs WHERE order_id = %s AND run_at <= UTC_TIMESTAMP(3)",
                                        paying["orderId"]), 5, "the second attempt to be due")
            assert lone.run_sweeper_once().returncode == 0
        assert api.order(paying)["status"] == "CONFIRMED"
        assert lone.row(taker)["status"] == "EXPIRED"
        assert lone.query("SELECT * FROM workflow_jobs") == []
    wait_for(lambda: api.get("/health").ok()["sweeper"] == "ok", 10)


def test_once_with_nothing_due_exits_at_once(lone):
    started = time.monotonic()
    assert lone.run_sweeper_once().returncode == 0
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("code, number", [("50400", signal.SIGTERM), ("50402", signal.SIGINT)])
def test_a_signal_lets_it_finish_what_is_in_flight(lone, code, number):
    api = lone.api()
    with lone.without("sweeper"):
        sweeper = lone.popen("sweeper")
        try:
            order = api.hold(lone.new_flight(), "A1")
            api.pay(order, code).ok()
            wait_for(lambda: api.order(order)["paymentAttempts"] == 1, 25, "the attempt to begin")
            sweeper.send_signal(number)
            signalled = time.monotonic()
            later = api.hold(lone.new_flight(), "A1")
            api.pay(later, "99999").ok()
            assert sweeper.wait(10) == 0
            assert time.monotonic() - signalled <= 2.2, "PAYMENT_TIMEOUT + 1 s"
        finally:
            sweeper.kill()
            sweeper.communicate()
        (attempt,) = [event for event in api.events(order) if event["type"] == "PAYMENT_ATTEMPT"]
        assert attempt["outcome"] == "TIMEOUT", "finished and recorded"
        job = lone.query("SELECT * FROM workflow_jobs WHERE order_id = %s", order["orderId"])[0]
        assert job["status"] == "PENDING" and job["locked_by"] is None
        assert api.order(later)["paymentAttempts"] == 0, "it took on nothing more"
    lone.wait_status(later, "CONFIRMED")
    lone.wait_status(order, "FAILED", deadline=10)


def test_a_killed_sweepers_work_is_taken_over(lone):
    """A sweeper is killed during a captured charge. The next one gets the approval by the same key: one charge."""
    api = lone.api()
    order = api.hold(lone.new_flight(), "A1")
    api.pay(order, "50401").ok()
    wait_for(lambda: lone.charge(order), 5)
    (pid,) = lone.pids("sweeper")
    os.kill(pid, signal.SIGKILL)
    confirmed = lone.wait_status(order, "CONFIRMED", deadline=40)
    assert confirmed["paymentAttempts"] >= 2
    assert len(lone.gateway_query("SELECT * FROM charges WHERE order_id = %s", order["orderId"])) == 1
    assert lone.pids("sweeper") and lone.pids("sweeper") != [pid]


def test_a_sweeper_that_stalls_past_its_lease_settles_nothing(lone):
    """A sweeper stalls during an attempt, and wakes after another has finished the work. Its token is refused."""
    api = lone.api()
    with lone.without("sweeper"):
        stalled = lone.popen("sweeper")
        other = None
        try:
            order = api.hold(lone.new_flight(), "A1")
            api.pay(order, "50401").ok()
            wait_for(lambda: lone.charge(order), 25, "the first attempt")
            stalled.send_signal(signal.SIGSTOP)
            other = lone.popen("sweeper")
            lone.wait_status(order, "CONFIRMED", deadline=40)
            wait_for(lambda: not lone.everything(order)["jobs"], 10)
            before = lone.everything(order)
            stalled.send_signal(signal.SIGCONT)
            # When it has finished new work, it is past the old work.
            other.terminate()
            other.wait(10)
            next_ = api.hold(lone.new_flight(), "A1")
            api.pay(next_, "99999").ok()
            lone.wait_status(next_, "CONFIRMED", deadline=25)
            assert lone.everything(order) == before
            assert stalled.poll() is None
        finally:
            for sweeper in filter(None, (stalled, other)):
                sweeper.kill()
                sweeper.communicate()


def test_a_dead_sweepers_lease_ends(lone):
    """When a claim's owner has vanished, another sweeper takes the job at the lease's end, and the attempt counts."""
    api = lone.api()
    with lone.without("sweeper"):
        order = api.hold(lone.new_flight(), "A1")
        api.pay(order, "99999").ok()
        # The state that a sweeper leaves when it dies right after its claim. The lease has just run out.
        lone.query("""UPDATE workflow_jobs SET status = 'RUNNING', attempts = 1, locked_by = 'dead', run_at = UTC_TIMESTAMP(3)
                      WHERE order_id = %s""", order["orderId"])
    assert lone.wait_status(order, "CONFIRMED", deadline=10)


def test_payments_run_side_by_side(lone):
    """Each of twenty payments begins with an attempt that hangs for a second. In sequence they would take a minute."""
    api, flight = lone.api(), lone.new_flight()
    orders = [api.hold(flight, f"{c}{n}") for c in "AB" for n in range(1, 11)]
    started = time.monotonic()
    for order in orders:
        api.pay(order, "50401").ok()
    for order in orders:
        lone.wait_status(order, "CONFIRMED", deadline=20)
    assert time.monotonic() - started < 10
    assert {api.order(order)["paymentAttempts"] for order in orders} == {2}


# -- signals, heartbeats, old keys ------------------------------------------------------------------

def test_a_hangup_does_no_harm(lone):
    """SIGHUP makes other daemons read their settings again. The sweeper and the API's processes ignore it."""
    pids = lone.pids("sweeper") + lone.pids("booking-api")
    for pid in pids:
        os.kill(pid, signal.SIGHUP)
    order = lone.api().hold(lone.new_flight(), "A1")
    lone.api().pay(order, "99999").ok()
    lone.wait_status(order, "CONFIRMED")
    assert lone.pids("sweeper") + lone.pids("booking-api") == pids


@pytest.mark.parametrize("age, alive", [("- INTERVAL 14 SECOND", 1), ("- INTERVAL 16 SECOND", 0), ("+ INTERVAL 2 SECOND", 1),
                                        ("+ INTERVAL 10 SECOND", 0), ("+ INTERVAL 1 YEAR", 0)])
def test_a_heartbeat_is_judged_by_the_databases_clock(lone, age, alive):
    """A heartbeat of the future is no sign of life: a wrong clock would keep the sweeper alive until then."""
    lone.query("INSERT INTO sweepers (worker, started_at, last_seen, in_flight)"
               f" VALUES ('other', UTC_TIMESTAMP(3) - INTERVAL 1 HOUR, UTC_TIMESTAMP(3) {age}, 0)")
    try:
        counted = lone.api().get("/health").ok()["sweepers"]
        (shown,) = [s for s in lone.admin().get("/api/admin/sweepers").ok()["sweepers"] if s["worker"] == "other"]
        assert shown["alive"] == bool(alive)
    finally:
        lone.query("DELETE FROM sweepers WHERE worker = 'other'")
    assert counted == lone.api().get("/health").ok()["sweepers"] + alive


def test_old_keys_are_forgotten_as_fast_as_they_come(lone):
    """Six thousand keys expire at once; an earlier version deleted a thousand a minute at most."""
    lone.query("""INSERT INTO idempotency_keys (key_hash, request_hash, owner, status, created_at)
                  WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 76)
                  SELECT UNHEX(SHA2(CONCAT('old-', a.i, '-', b.i), 256)), UNHEX(SHA2('x', 256)), 1, 404,
                         UTC_TIMESTAMP(3) - INTERVAL 25 HOUR FROM n a, n b""")
    sweeper = lone.popen("sweeper")  # a sweeper that has just started looks at once
    try:
        wait_for(lambda: lone.query("SELECT COUNT(*) AS n FROM idempotency_keys"
                                    " WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 24 HOUR") == [{"n": 0}], 15)
    finally:
        sweeper.terminate()
        assert sweeper.wait(10) == 0
        sweeper.communicate()
