# SPDX-License-Identifier: MIT
"""The operations console's requests: the queue, sweepers and leases, releasing a job, pausing a kind."""

import time

import pytest

from shapes import NO_ORDER
from stack import wait_for

KINDS = ("EXPIRE_HOLD", "PAYMENT_ATTEMPT", "VOID_CHARGE", "SEND_CONFIRMATION", "REFUND_CHARGE", "SEND_MESSAGE", "CANCEL_FLIGHT", "SEND_MAIL", "TELL_FLIGHT", "IMPORT_FLIGHTS", "RECONCILE")


@pytest.fixture(scope="module")
def stack(own_stack):
    """A stack of its own, because a pause affects all tests, and the counts must include only this module's jobs."""
    return own_stack(PAYMENT_TIMEOUT="3s", SWEEPERS=2)


@pytest.fixture
def resumed(stack):
    yield
    for kind in KINDS:
        stack.admin().post(f"/api/admin/kinds/{kind}/resume").ok()


def queue(api):
    return {kind["kind"]: kind for kind in api.get("/api/admin/queue").ok()["kinds"]}


def jobs_of(api, order):
    return {job["kind"]: job for job in api.get(f"/api/admin/jobs?orderId={order['orderId']}").ok()["jobs"]}


def running(api, order, kind="PAYMENT_ATTEMPT"):
    def leased():
        job = jobs_of(api, order).get(kind)
        return job if job and job["status"] == "RUNNING" else None
    return wait_for(leased, 5, "the job to run")


def types(api, order):
    return [event["type"] for event in api.events(order)]


# -- the queue ----------------------------------------------------------------------------------

def test_the_queue_is_counted_by_kind(stack, api, flight):
    before = queue(api)
    assert tuple(before) == KINDS
    orders = [api.hold(flight, f"A{n}") for n in range(1, 4)]
    assert queue(api)["EXPIRE_HOLD"]["waiting"] == before["EXPIRE_HOLD"]["waiting"] + 3
    api.pay(orders[0], "50400").ok()
    running(api, orders[0])
    payments = queue(api)["PAYMENT_ATTEMPT"]
    assert (payments["running"], payments["due"], payments["failed"], payments["lagMs"]) == (1, 0, 0, 0)
    # The lease begins anew when the attempt is announced.
    wait_for(lambda: queue(api)["PAYMENT_ATTEMPT"]["nextAt"] == jobs_of(api, orders[0])["PAYMENT_ATTEMPT"]["runAt"], 5)
    api.cancel(orders[0]).ok()
    stack.query("UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL WHERE order_id = %s", orders[1]["orderId"])
    assert queue(api)["EXPIRE_HOLD"]["failed"] == before["EXPIRE_HOLD"]["failed"] + 1
    assert [job["orderId"] for job in api.get("/api/admin/jobs?status=FAILED").ok()["jobs"]] == [orders[1]["orderId"]]
    assert api.get("/api/admin/jobs?status=FAILED&kind=VOID_CHARGE").ok()["jobs"] == []
    stack.fire_timer(orders[1])
    stack.query("UPDATE workflow_jobs SET status = 'PENDING' WHERE order_id = %s", orders[1]["orderId"])


def test_failed_jobs_by_pages(stack, api, flight):
    orders = [api.hold(flight, f"B{n}") for n in range(1, 4)]
    for order in orders:
        stack.query("UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL WHERE order_id = %s", order["orderId"])
    seen = api.listed("/api/admin/jobs?status=FAILED&limit=2", "jobs")
    assert [job["orderId"] for job in seen] == [order["orderId"] for order in orders[::-1]]
    for order in orders:
        api.post(f"/api/admin/jobs/{jobs_of(api, order)['EXPIRE_HOLD']['id']}/retry").ok()
        assert api.events(order)[-1]["detail"] == "EXPIRE_HOLD"


def test_how_fast_work_is_done(stack, api, flight):
    before = queue(api)["PAYMENT_ATTEMPT"]["perMinute"]
    for n in range(3):
        order = api.hold(flight, f"A{n + 1}")
        api.pay(order).ok()
        stack.wait_status(order, "CONFIRMED")
    assert queue(api)["PAYMENT_ATTEMPT"]["perMinute"] >= min(before, 1) + 2


def test_late_jobs_are_shown(stack, api, flight):
    with stack.without("sweeper"):
        order = api.hold(flight, "A1")
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) - INTERVAL 20 SECOND WHERE order_id = %s",
                    order["orderId"])
        expiry = queue(api)["EXPIRE_HOLD"]
        assert expiry["due"] == 1 and 20000 <= expiry["lagMs"] < 40000
    wait_for(lambda: queue(api)["EXPIRE_HOLD"]["due"] == 0, 10, "the sweepers to catch up")


# -- sweepers -----------------------------------------------------------------------------------

def test_sweepers_and_what_they_hold(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "50400").ok()
    running(api, order)
    # Once the attempt is announced, the lease has been renewed for the last time and stays as it is.
    wait_for(lambda: api.order(order)["paymentAttempts"] == 1, 5)
    job = running(api, order)
    answer = api.get("/api/admin/sweepers").ok()
    alive = {sweeper["worker"] for sweeper in answer["sweepers"] if sweeper["alive"]}
    assert len(alive) == 2 and job["lockedBy"] in alive
    lease = next(lease for lease in answer["leases"] if lease["orderId"] == order["orderId"])
    assert lease == job and lease["runAt"] > answer["serverTime"]
    api.cancel(order).ok()


def test_a_sweeper_that_is_silent(stack, api):
    stack.query("""INSERT INTO sweepers (worker, started_at, last_seen) VALUES
                   ('elsewhere/1/dead', UTC_TIMESTAMP(3) - INTERVAL 1 HOUR, UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE)""")
    found = {sweeper["worker"]: sweeper["alive"] for sweeper in api.get("/api/admin/sweepers").ok()["sweepers"]}
    assert found["elsewhere/1/dead"] is False
    stack.query("DELETE FROM sweepers WHERE worker = 'elsewhere/1/dead'")


# -- releasing ----------------------------------------------------------------------------------

def test_a_released_payment_is_made_by_another_and_charged_once(stack, api, flight):
    """The first call charges and hangs. The second, under the same key, gets the approval."""
    order = api.hold(flight, "A1")
    api.pay(order, "50401").ok()
    job = running(api, order)
    wait_for(lambda: stack.charge(order), 5, "the charge")
    started = time.monotonic()
    api.post(f"/api/admin/jobs/{job['id']}/release").ok()
    stack.wait_status(order, "CONFIRMED")
    assert time.monotonic() - started < 2.5, "it does not wait for the call that hangs"
    time.sleep(3)      # until that call has timed out and its result was refused
    assert stack.charge(order)["status"] == "APPROVED"
    events = api.events(order)
    assert [(e["attempt"], e["outcome"]) for e in events if e["type"] == "PAYMENT_ATTEMPT"] == [(1, "ABANDONED"), (2, "APPROVED")]
    released = next(e for e in events if e["type"] == "JOB_RELEASED")
    assert (released["detail"], released["worker"]) == ("PAYMENT_ATTEMPT", job["lockedBy"])
    assert next(e for e in events if e["outcome"] == "ABANDONED")["worker"] == job["lockedBy"]


def test_a_released_attempt_that_answers_after_the_order_ended_is_told_once(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "50400").ok()
    wait_for(lambda: api.order(order)["paymentAttempts"] == 1, 5, "the attempt to be announced")
    api.post(f"/api/admin/jobs/{running(api, order)['id']}/release").ok()
    wait_for(lambda: "ABANDONED" in [event["outcome"] for event in api.events(order)], 5, "the next attempt")
    api.cancel(order).ok()
    wait_for(lambda: [e["attempt"] for e in api.events(order) if e["outcome"] == "TIMEOUT"] == [2], 8, "the second's end")
    assert [e["attempt"] for e in api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == [1, 2]


def test_the_last_try_released(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "50400").ok()
    for attempt in (1, 2, 3):
        wait_for(lambda: api.order(order)["paymentAttempts"] == attempt, 8, f"attempt {attempt} to be announced")
        api.post(f"/api/admin/jobs/{running(api, order)['id']}/release").ok()
    stack.wait_status(order, "FAILED")
    assert set(api.seats(flight).values()) == {"AVAILABLE"}
    assert types(api, order).count("JOB_RELEASED") == 3


def test_only_what_runs_can_be_released(stack, api, flight):
    order = api.hold(flight, "A1")
    job = jobs_of(api, order)["EXPIRE_HOLD"]
    before = stack.everything(order)
    api.post(f"/api/admin/jobs/{job['id']}/release").refused(409, "JOB_NOT_RUNNING")
    stack.query("UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL WHERE job_id = %s", job["id"])
    api.post(f"/api/admin/jobs/{job['id']}/release").refused(409, "JOB_NOT_RUNNING")
    stack.query("UPDATE workflow_jobs SET status = 'PENDING', run_at = %s WHERE job_id = %s",
                before["jobs"][0]["run_at"], job["id"])
    assert stack.everything(order)["events"] == before["events"]
    for unknown in ("999999999", "0", "x"):
        api.post(f"/api/admin/jobs/{unknown}/release").refused(404, "NOT_FOUND")


# -- pausing ------------------------------------------------------------------------------------

def test_a_paused_kind_waits_and_the_others_go_on(stack, api, flight, resumed):
    answer = api.post("/api/admin/kinds/PAYMENT_ATTEMPT/pause").ok()
    assert answer["kind"] == "PAYMENT_ATTEMPT" and answer["pausedAt"]
    assert api.post("/api/admin/kinds/PAYMENT_ATTEMPT/pause").ok()["pausedAt"] == answer["pausedAt"], "since the first time"
    paying, lapsing = api.hold(flight, "A1"), api.hold(flight, "A2")
    api.pay(paying).ok()
    stack.fire_timer(lapsing)
    stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", lapsing["orderId"])
    wait_for(lambda: stack.row(lapsing)["status"] == "EXPIRED", 10, "the other kind's work")
    time.sleep(0.5)
    assert jobs_of(api, paying)["PAYMENT_ATTEMPT"]["attempts"] == 0
    assert queue(api)["PAYMENT_ATTEMPT"]["due"] == 1
    assert stack.run_sweeper_once().returncode == 0 and api.order(paying)["status"] == "PAYMENT_PENDING"
    started = time.monotonic()
    assert api.post("/api/admin/kinds/PAYMENT_ATTEMPT/resume").ok()["pausedAt"] is None
    stack.wait_status(paying, "CONFIRMED")
    assert time.monotonic() - started < 3, "a resume wakes the sweepers"


def test_what_runs_when_its_kind_is_paused_is_finished(stack, api, flight, resumed):
    order = api.hold(flight, "A1")
    api.pay(order, "50401").ok()
    running(api, order)
    api.post("/api/admin/kinds/PAYMENT_ATTEMPT/pause").ok()
    wait_for(lambda: "TIMEOUT" in [event["outcome"] for event in api.events(order)], 8, "the end of the attempt")
    time.sleep(2)
    assert api.order(order)["paymentAttempts"] == 1
    api.post("/api/admin/kinds/PAYMENT_ATTEMPT/resume").ok()
    stack.wait_status(order, "CONFIRMED")


def test_holds_end_though_their_timers_are_paused(stack, api, flight, resumed):
    api.post("/api/admin/kinds/EXPIRE_HOLD/pause").ok()
    order = api.hold(flight, "A1")
    stack.fire_timer(order)
    assert api.order(order)["status"] == "EXPIRED"
    api.pay(order).refused(409, "ORDER_EXPIRED")
    time.sleep(0.5)
    assert stack.row(order)["status"] == "SEATS_RESERVED"
    assert api.hold(flight, "A1")["seats"] == ["A1"]
    other = api.hold(flight, "A2")
    stack.fire_timer(other)
    api.post("/api/admin/kinds/EXPIRE_HOLD/resume").ok()
    wait_for(lambda: stack.row(other)["status"] == "EXPIRED", 10, "the timer")


@pytest.mark.parametrize("kind", ["", "NOTHING", "expire_hold", "EXPIRE_HOLD%20", "%00"])
@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_unknown_kinds(api, kind, verb):
    assert api.post(f"/api/admin/kinds/{kind}/{verb}").status in (400, 404)


# -- orders by time -----------------------------------------------------------------------------

def listed(api, query):
    return [order["orderId"] for order in api.get(f"/api/admin/orders?{query}").ok()["orders"]]


def test_orders_by_time(stack, api, flight):
    orders = [api.hold(flight, f"A{n}")["orderId"] for n in range(1, 4)]
    for order, when in zip(orders, ("2024-05-01 23:59:59.999", "2024-05-02 00:00:00", "2024-05-02 10:30:00")):
        stack.query("UPDATE orders SET created_at = %s WHERE order_id = %s", when, order)
    mine = f"flightId={flight}"
    assert listed(api, f"{mine}&from=2024-05-02") == [orders[2], orders[1]]
    assert listed(api, f"{mine}&to=2024-05-02") == [orders[0]]
    assert listed(api, f"{mine}&from=2024-05-02T00:00Z&to=2024-05-02T10:30:00.000Z") == [orders[1]]
    assert listed(api, f"{mine}&from=2024-05-02T10:30:00Z&status=SEATS_RESERVED") == [orders[2]]
    assert listed(api, f"{mine}&from=2024-05-03") == []
    page = api.get(f"/api/admin/orders?{mine}&to=2024-05-02T00:00:01Z&limit=1").ok()
    assert [order["orderId"] for order in page["orders"]] == [orders[1]]
    assert listed(api, f"{mine}&to=2024-05-02T00:00:01Z&limit=1&cursor={page['nextCursor']}") == [orders[0]]


@pytest.mark.parametrize("field", ["from", "to"])
@pytest.mark.parametrize("text", ["yesterday", "2024-13-01", "2024-05-02T10", "2024-05-02T25:00Z", "2024-05-02T10:00:00", "1714645800"])
def test_invalid_times(api, field, text):
    assert api.get(f"/api/admin/orders?{field}={text}").refused(400, "INVALID_REQUEST")["field"] == field


def test_a_search_looks_at_so_many_and_goes_on_from_there(stack, api, flight):
    """There are eleven thousand orders, and the one searched for is older than all of them."""
    old = api.hold(flight, "A1", user="Methuselah")
    stack.query("UPDATE orders SET created_at = '2020-01-01' WHERE order_id = %s", old["orderId"])
    digits = "(SELECT 0 d" + "".join(f" UNION ALL SELECT {n}" for n in range(1, 10)) + ")"
    stack.query(f"""INSERT INTO orders (order_id, flight_id, user_id, status, seats, reserved_at, total_price_cents, currency,
        workflow_id, created_at, updated_at)
        SELECT CONCAT('many-', n), %s, 'Many', 'CANCELLED', 'A9', UTC_TIMESTAMP(3), 1, 'USD', '',
               TIMESTAMPADD(SECOND, n, '2021-01-01'), UTC_TIMESTAMP(3)
          FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n
                  FROM {digits} a, {digits} b, {digits} c, {digits} e, (SELECT 0 d UNION ALL SELECT 1) f) numbers
         WHERE n < 11000""", flight)
    try:
        for query in ("q=Methuselah", "q=Methuselah&status=SEATS_RESERVED", f"status=SEATS_RESERVED&flightId={flight}"):
            page = api.get(f"/api/admin/orders?{query}&to=2022-01-01").ok()
            assert page["orders"] == [] and page["nextCursor"], "the first ten thousand"
            page = api.get(f"/api/admin/orders?{query}&cursor={page['nextCursor']}").ok()
            assert [order["orderId"] for order in page["orders"]] == [old["orderId"]] and page["nextCursor"] is None
    finally:
        stack.query("DELETE FROM orders WHERE order_id LIKE 'many-%%'")


# -- access -------------------------------------------------------------------------------------

@pytest.mark.parametrize("method, path", [
    ("GET", "/api/admin/queue"), ("GET", "/api/admin/sweepers"), ("POST", "/api/admin/jobs/1/release"),
    ("POST", "/api/admin/kinds/EXPIRE_HOLD/pause"), ("POST", "/api/admin/kinds/EXPIRE_HOLD/resume")])
def test_only_for_operators(stack, quick_stack, method, path):
    quick_stack.api().request(method, path).refused(401, "UNAUTHORIZED")
    stack.api().request(method, path, headers={"Origin": "https://evil.example"}).refused(403, "FORBIDDEN")
    assert quick_stack.api().get(path.replace("/api/", "/live/")).status in (404, 405), "never from the cache"


def test_an_unknown_order_has_no_jobs(api):
    assert api.get(f"/api/admin/jobs?orderId={NO_ORDER}").ok()["jobs"] == []
